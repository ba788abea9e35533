// Whom the relay refuses and why, since the start of the gateway; and whether one peer may be reached.
import { useSignal } from '@preact/signals'
import type { PeerVerdict } from '../../data/api-types.ts'
import { ask } from '../../data/api.ts'
import { number } from '../../data/say.ts'
import { Button } from '../../parts/button.tsx'
import { TextField } from '../../parts/controls.tsx'
import { Field } from '../../parts/field.tsx'
import { Panel } from '../../parts/panel.tsx'
import { Shape } from '../../parts/status.tsx'
import css from './realtime.module.css'
import type { TurnListener } from './turn-courses.ts'
import { peersRefused, refusalsOf } from './turn-words.ts'

export function Refusals({ listener }: { readonly listener: TurnListener }) {
  const rows = refusalsOf(listener)
  const peers = peersRefused(listener)
  return (
    <Panel title="Refused" count="since the start" isFlush>
      {rows.length === 0 ? (
        <p class={css.nobody}>Nobody was refused.</p>
      ) : (
        <ul class={css.refusals}>
          {rows.map(({ code, n, what, todo, isUsual }) => (
            <li key={`${code} ${what}`}>
              <b>{number(n)}</b>
              <span class="mono">{code === '' ? '–' : code}</span>
              <span>
                <span class={isUsual ? 'quiet' : undefined}>{what}</span>
                {todo !== '' && <small>{todo}</small>}
              </span>
            </li>
          ))}
        </ul>
      )}
      {peers !== '' && <p class={css.foot}>Peers that nobody may reach: {peers}.</p>}
    </Panel>
  )
}

/** “May clients reach 192.168.4.20?” */
export function PeerCheck({ listener }: { readonly listener: TurnListener }) {
  const peer = useSignal('')
  const verdict = useSignal<PeerVerdict | null>(null)
  const problem = useSignal<string | null>(null)
  const isBusy = useSignal(false)
  const check = async (): Promise<void> => {
    if (peer.value.trim() === '') {
      problem.value = 'Write an address, such as 192.168.4.20.'
      return
    }
    isBusy.value = true
    const answer = await ask(
      'GET /api/v1/turn/peers/{peer}',
      { peer: peer.value.trim() },
      { query: { listener: listener.name } },
    )
    isBusy.value = false
    verdict.value = answer.ok ? (answer.value[0] ?? null) : null
    problem.value = answer.ok ? null : answer.problem.detail
  }
  const said = verdict.value
  return (
    <Panel title="May a peer be reached?">
      <form
        class="stack"
        onSubmit={(event) => {
          event.preventDefault()
          void check()
        }}
      >
        <div class={css.peer}>
          <Field label="Peer" help="An address, with its port or without." error={problem.value}>
            <TextField
              isMono
              value={peer.value}
              placeholder="192.168.4.20"
              onInput={(next) => (peer.value = next)}
            />
          </Field>
          <Button size="lg" type="submit" isBusy={isBusy.value} busyWord="Asking">
            Look
          </Button>
        </div>
        {said !== null && (
          <p class={css.verdict} role="status">
            <Shape state={said.allowed ? 'up' : 'down'} />
            <span>
              <b>{said.allowed ? 'Yes.' : 'No.'}</b> {upper(said.why)}.
            </span>
          </p>
        )}
      </form>
    </Panel>
  )
}

const upper = (text: string): string => `${text.slice(0, 1).toUpperCase()}${text.slice(1).replace(/\.$/, '')}`
