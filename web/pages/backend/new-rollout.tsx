// A rollout to be started: the servers that are to be there in the end, and how carefully.
import { useSignal } from '@preact/signals'
import { readServers } from '../../data/pasted-servers.ts'
import type { Problem } from '../../data/problem.ts'
import { beginRollout, type RolloutBody } from '../../data/rollouts.ts'
import { segment, to } from '../../data/urls.ts'
import { Button } from '../../parts/button.tsx'
import { AreaField, NumberField, SelectField } from '../../parts/controls.tsx'
import { Field } from '../../parts/field.tsx'
import { Note } from '../../parts/messages.tsx'
import { Drawer } from '../../parts/overlays.tsx'
import { PastedList } from '../../parts/pasted-list.tsx'
import { useAddress } from '../../parts/use-address.ts'
import type { Scene } from './order-words.ts'
import { type RolloutPlan, planOf, planWords } from './rollout-words.ts'
import { runningOf } from './server-rows.ts'
import css from './server-drawer.module.css'

export function NewRollout({ scene, onClose }: { readonly scene: Scene; readonly onClose: () => void }) {
  const { backend } = scene
  const present = runningOf(scene.rows).map(({ fields }) => fields)
  const text = useSignal('')
  const how = useSignal<Omit<RolloutBody, 'new_servers'>>({
    ...{ batch_size: 1, interval: 10, gate: 30, on_failure: 'roll_back' },
  })
  const isBusy = useSignal(false)
  const problem = useSignal<Problem | null>(null)
  const { go } = useAddress()
  const { servers, odd } = readServers(text.value, present[0]?.url.split(':')[0])
  const plan = planOf(present, servers, how.value.batch_size)
  const why =
    servers.length === 0
      ? 'Paste the new servers first'
      : odd.length > 0
        ? 'Some lines are no servers'
        : plan.added.length === 0
          ? 'None of these is new'
          : null
  const start = async (): Promise<void> => {
    isBusy.value = true
    const answer = await beginRollout(backend, { new_servers: servers, ...how.value })
    isBusy.value = false
    if (answer.ok) go(to(`/backends/${segment(backend)}?tab=rollouts`))
    else problem.value = answer.problem
  }
  return (
    <Drawer
      title={`Roll out ${backend}`}
      onClose={onClose}
      actions={
        <>
          <Button onPress={onClose}>Cancel</Button>
          <Button
            kind="ink"
            needs="editor"
            isBusy={isBusy.value}
            busyWord="Starting"
            disabledWhy={why}
            onPress={() => void start()}
          >
            Start the rollout
          </Button>
        </>
      }
    >
      <Field
        label="Servers that are to be there in the end"
        help="One a line, as for a new backend. Those that are there and not named here go."
      >
        <AreaField
          isMono
          rows={6}
          value={text.value}
          placeholder={'http://192.0.2.21:8080\nhttp://192.0.2.22:8080'}
          onInput={(next) => (text.value = next)}
        />
      </Field>
      <PastedList servers={servers} odd={odd} />
      <Care how={how.value} onPick={(next) => (how.value = { ...how.value, ...next })} />
      {why === null && <Outcome plan={plan} how={how.value} />}
      {problem.value !== null && (
        <Note state="down" title={problem.value.title} isUrgent>
          {problem.value.detail} {problem.value.hint}
        </Note>
      )}
    </Drawer>
  )
}

type How = Omit<RolloutBody, 'new_servers'>

function Care({ how, onPick }: { readonly how: How; readonly onPick: (next: Partial<How>) => void }) {
  return (
    <>
      <div class={css.pair}>
        <Field label="Batch" right="default 1" unit="servers">
          <NumberField
            value={how.batch_size}
            least={1}
            most={1000}
            onInput={(next) => next !== null && onPick({ batch_size: next })}
          />
        </Field>
        <Field label="Between batches" right="default 10" unit="s">
          <NumberField
            value={how.interval}
            least={0}
            most={3600}
            onInput={(next) => next !== null && onPick({ interval: next })}
          />
        </Field>
        <Field label="Up within" right="default 30" unit="s">
          <NumberField
            value={how.gate}
            least={1}
            most={600}
            onInput={(next) => next !== null && onPick({ gate: next })}
          />
        </Field>
        <Field label="When it gets worse">
          <SelectField
            value={how.on_failure}
            options={[
              { value: 'roll_back', label: 'take all of it back' },
              { value: 'pause', label: 'wait for somebody' },
            ]}
            onInput={(next) => onPick({ on_failure: next as How['on_failure'] })}
          />
        </Field>
      </div>
    </>
  )
}

function Outcome({ plan, how }: { readonly plan: RolloutPlan; readonly how: How }) {
  const failure =
    how.on_failure === 'roll_back'
      ? 'all of it is taken back'
      : 'it waits for somebody to go on or take it back'
  return (
    <Note title={planWords(plan, how.interval)}>
      {plan.removed.length > 0 &&
        `Goes: ${plan.removed.slice(0, 8).join(', ')}${plan.removed.length > 8 ? ' …' : ''}. `}
      Each batch comes, is up within {how.gate} s, and then as many old ones go. Where 5xx, latency or health
      get worse, {failure}. The file is written with each step; this is no draft.
    </Note>
  )
}
