// Has a certificate that comes by ACME tried now.
import { useSignal } from '@preact/signals'
import { ask } from '../../data/api.ts'
import { refreshHeld } from '../../data/held.ts'
import { Button } from '../../parts/button.tsx'

export interface RetryProps {
  readonly name: string
  readonly label?: string
  readonly kind?: 'ink'
  readonly disabledWhy?: string | null
}

export function Retry({ name, label, kind, disabledWhy = null }: RetryProps) {
  const isBusy = useSignal(false)
  const problem = useSignal('')
  const retry = async (): Promise<void> => {
    isBusy.value = true
    const answer = await ask('POST /api/v1/certificates/{certificate}/retry', { certificate: name })
    isBusy.value = false
    problem.value = answer.ok ? '' : answer.problem.detail
    refreshHeld((url) => url.includes('/certificates'))
  }
  return (
    <>
      <Button
        size={kind === undefined ? 'sm' : 'md'}
        kind={kind}
        needs="operator"
        isWhyHidden={kind === undefined}
        disabledWhy={disabledWhy}
        isBusy={isBusy.value}
        busyWord="Asking"
        label={label}
        onPress={() => void retry()}
      >
        Try now
      </Button>
      {problem.value !== '' && (
        <small role="alert" class="quiet">
          {problem.value}
        </small>
      )}
    </>
  )
}
