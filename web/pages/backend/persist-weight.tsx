// A weight that holds at run time goes into the file, where it takes the place of the order.
import { useSignal } from '@preact/signals'
import { persistWeight } from '../../data/server-orders.ts'
import type { OrderFacts } from '../../data/servers.ts'
import { Button } from '../../parts/button.tsx'

export interface PersistWeightProps {
  readonly backend: string
  readonly server: string
  readonly order: OrderFacts
}

export function PersistWeight({ backend, server, order }: PersistWeightProps) {
  const isBusy = useSignal(false)
  const said = useSignal<string | null>(null)
  const write = async (): Promise<void> => {
    isBusy.value = true
    const answer = await persistWeight(backend, server)
    isBusy.value = false
    if (!answer.ok) said.value = `${answer.problem.detail} ${answer.problem.hint ?? ''}`
  }
  return (
    <>
      <Button size="sm" needs="editor" isBusy={isBusy.value} busyWord="Writing" onPress={() => void write()}>
        Write {order.value} to the file
      </Button>
      {said.value !== null && <small role="alert">{said.value}</small>}
    </>
  )
}
