// A breaker by hand: open or closed whatever attempts come to, or reset.
import { useSignal } from '@preact/signals'
import type { Circuit } from '../../data/api-types.ts'
import { orderCircuit } from '../../data/server-orders.ts'
import { Button } from '../../parts/button.tsx'
import { Segmented } from '../../parts/choices.tsx'
import { SelectField, TextField } from '../../parts/controls.tsx'
import { Field } from '../../parts/field.tsx'
import { Popover } from '../../parts/popover.tsx'
import { Tag } from '../../parts/status.tsx'
import css from './order-popover.module.css'
import { Outcome } from './order-popover.tsx'
import { consequenceOf, type Scene } from './order-words.ts'
import { type Until, untilLabel, UNTILS } from './untils.ts'

export interface BreakerOrderProps {
  readonly scene: Scene
  readonly server: string
  readonly circuit: Circuit
}

type Wanted = 'open' | 'closed' | 'auto'

export function BreakerOrder(props: BreakerOrderProps) {
  const { server, circuit } = props
  const isAsItIs = circuit.state === 'closed' && circuit.ordered === null
  return (
    <Popover
      isWide
      label={`Breaker of ${server}`}
      anchor={(opener) => (
        <Button
          size="sm"
          icon="down"
          isIconLast
          needs="operator"
          label={`${isAsItIs ? 'Breaker by hand' : 'Reset the breaker'}: ${server}`}
          {...opener}
        >
          {isAsItIs ? 'By hand' : 'Reset'}
        </Button>
      )}
    >
      {(close) => <OrderForm {...props} first={isAsItIs ? 'open' : 'auto'} onClose={close} />}
    </Popover>
  )
}

interface FormProps extends BreakerOrderProps {
  readonly first: Wanted
  readonly onClose: () => void
}

function OrderForm({ scene, server, circuit, first, onClose }: FormProps) {
  const wanted = useSignal<Wanted>(first)
  const reason = useSignal('')
  const until = useSignal<Until>('')
  const isBusy = useSignal(false)
  const problem = useSignal<string | null>(null)
  const isHeld = wanted.value !== 'auto'
  const act = async (): Promise<void> => {
    isBusy.value = true
    const answer = await orderCircuit(scene.backend, server, {
      state: wanted.value,
      ...(reason.value !== '' && { reason: reason.value }),
      ...(isHeld && until.value !== '' && { for: until.value }),
    })
    isBusy.value = false
    if (answer.ok) onClose()
    else problem.value = answer.problem.detail
  }
  return (
    <form
      class={css.form}
      onSubmit={(event) => {
        event.preventDefault()
        void act()
      }}
    >
      <Segmented
        label="Breaker"
        value={wanted.value}
        onPick={(next) => (wanted.value = next)}
        options={[
          { value: 'auto', label: 'Reset' },
          { value: 'open', label: 'Hold open' },
          { value: 'closed', label: 'Hold closed' },
        ]}
      />
      <div class={isHeld ? css.pair : css.form}>
        <Field label="Reason">
          <TextField value={reason.value} onInput={(next) => (reason.value = next)} />
        </Field>
        {isHeld && (
          <Field label="Until">
            <SelectField
              value={until.value}
              options={UNTILS.filter((value) => value !== 'custom').map((value) => ({
                value,
                label: untilLabel(value),
              }))}
              onInput={(next) => (until.value = next as Until)}
            />
          </Field>
        )}
      </div>
      <Outcome {...outcomeOf(wanted.value, { scene, server, circuit })} />
      {problem.value !== null && <p role="alert">{problem.value}</p>}
      <div class={css.foot}>
        <Tag isLive title="The file does not change; it holds over reloads and restarts">
          run time only
        </Tag>
        <span class={css.push} />
        <Button kind="quiet" onPress={onClose}>
          Cancel
        </Button>
        <Button kind="ink" type="submit" needs="operator" isBusy={isBusy.value} busyWord="Setting it">
          {LABELS[wanted.value]} {server}
        </Button>
      </div>
    </form>
  )
}

const LABELS: Readonly<Record<Wanted, string>> = {
  auto: 'Reset',
  open: 'Hold open',
  closed: 'Hold closed',
}

/** What would come of it: who is held open gets no new requests, as one that is taken out. */
function outcomeOf(wanted: Wanted, { scene, server, circuit }: BreakerOrderProps) {
  const words = OUTCOMES[wanted]
  if (wanted === 'auto') return { tone: 'plain', words } as const
  if (circuit.mode === 'shadow') return { tone: 'plain', words: SHADOW } as const
  if (wanted === 'closed') return { tone: 'plain', words } as const
  const taken = { admin: 'maintenance', endsConnections: false } as const
  const { tone, words: told } = consequenceOf(scene, new Set([server]), taken)
  return { tone, words: `${words} ${told}` }
}

const SHADOW = 'In shadow mode everybody passes all the same.'

const OUTCOMES: Readonly<Record<Wanted, string>> = {
  auto: 'It is closed at once, forgets what it counted, and opens again when attempts fail from now on.',
  open: 'It gets no new requests, and is not tried again.',
  closed: 'It gets requests whatever fails.',
}
