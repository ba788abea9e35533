// A person says that a server is up or down, whatever its checks say.
import { useSignal } from '@preact/signals'
import { sayHealth } from '../../data/server-orders.ts'
import { orderOf, type ServerLive } from '../../data/servers.ts'
import { Button } from '../../parts/button.tsx'
import { Segmented } from '../../parts/choices.tsx'
import { SelectField, TextField } from '../../parts/controls.tsx'
import { Field } from '../../parts/field.tsx'
import { Popover } from '../../parts/popover.tsx'
import { Tag } from '../../parts/status.tsx'
import css from './order-popover.module.css'
import { type Until, untilLabel, UNTILS } from './untils.ts'

export interface HealthSaidProps {
  readonly backend: string
  readonly server: string
  readonly live: ServerLive
}

export function HealthSaid({ backend, server, live }: HealthSaidProps) {
  return (
    <Popover
      isWide
      label={`Health of ${server}`}
      anchor={(opener) => (
        <Button size="sm" icon="down" isIconLast needs="operator" {...opener}>
          Say up or down
        </Button>
      )}
    >
      {(close) => <HealthForm {...{ backend, server, live }} onClose={close} />}
    </Popover>
  )
}

type Said = 'up' | 'down' | 'checks'

function HealthForm({ backend, server, live, onClose }: HealthSaidProps & { readonly onClose: () => void }) {
  const forced = orderOf(live, 'health')
  const said = useSignal<Said>(forced !== null ? 'checks' : live.operational === 'down' ? 'up' : 'down')
  const reason = useSignal('')
  const until = useSignal<Until>('1h')
  const isBusy = useSignal(false)
  const problem = useSignal<string | null>(null)
  const act = async (): Promise<void> => {
    isBusy.value = true
    const isForced = said.value !== 'checks'
    const answer = await sayHealth(backend, server, {
      health: said.value === 'checks' ? null : said.value,
      ...(reason.value !== '' && { reason: reason.value }),
      ...(isForced && until.value !== '' && { for: until.value }),
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
        label="Health"
        value={said.value}
        onPick={(next) => (said.value = next)}
        options={[
          { value: 'up', label: 'Up' },
          { value: 'down', label: 'Down' },
          { value: 'checks', label: 'As its checks say' },
        ]}
      />
      {said.value !== 'checks' && (
        <div class={css.pair}>
          <Field label="Reason">
            <TextField value={reason.value} onInput={(next) => (reason.value = next)} />
          </Field>
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
        </div>
      )}
      <p class={css.outcome}>{OUTCOMES[said.value]}</p>
      {problem.value !== null && <p role="alert">{problem.value}</p>}
      <div class={css.foot}>
        <Tag isLive>run time only</Tag>
        <span class={css.push} />
        <Button kind="quiet" onPress={onClose}>
          Cancel
        </Button>
        <Button kind="ink" type="submit" needs="operator" isBusy={isBusy.value} busyWord="Saying so">
          {said.value === 'checks' ? `Leave ${server} to its checks` : `Say that ${server} is ${said.value}`}
        </Button>
      </div>
    </form>
  )
}

const OUTCOMES: Readonly<Record<Said, string>> = {
  up: 'It gets requests though its checks may fail.',
  down: 'It gets no new requests though its checks may pass.',
  checks: 'Its checks decide again.',
}
