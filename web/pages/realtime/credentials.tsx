// Credentials for an application: made from the secret of the listener, and kept nowhere.
import { useSignal } from '@preact/signals'
import type { TurnCredentials } from '../../data/api-types.ts'
import { ask } from '../../data/api.ts'
import { count } from '../../data/say.ts'
import { Button } from '../../parts/button.tsx'
import { SelectField, TextField } from '../../parts/controls.tsx'
import { Field } from '../../parts/field.tsx'
import { Note } from '../../parts/messages.tsx'
import { Panel } from '../../parts/panel.tsx'
import { Time } from '../../parts/time.tsx'
import { Code, Copy } from '../../parts/words.tsx'
import css from './realtime.module.css'
import type { TurnListener } from './turn-courses.ts'

const TTLS = [
  { value: '600', label: '10 minutes' },
  { value: '3600', label: '1 hour' },
  { value: '28800', label: '8 hours' },
  { value: '86400', label: '1 day' },
  { value: '604800', label: '7 days' },
]

export function Credentials({ listener }: { readonly listener: TurnListener }) {
  const user = useSignal('')
  const ttl = useSignal('28800')
  const made = useSignal<TurnCredentials | null>(null)
  const problem = useSignal<{ title: string; detail: string; hint?: string } | null>(null)
  const isBusy = useSignal(false)
  const { everybody, makes_credentials: makes } = listener.auth
  const make = async (): Promise<void> => {
    isBusy.value = true
    const body = {
      listener: listener.name,
      ttl: Number(ttl.value),
      ...(user.value !== '' && { name: user.value }),
    }
    const answer = await ask('POST /api/v1/turn/credentials', {}, { body })
    isBusy.value = false
    made.value = answer.ok ? answer.value : null
    problem.value = answer.ok ? null : answer.problem
  }
  return (
    <Panel title="Credentials" end={<span>made from its secret, kept nowhere</span>}>
      {makes ? (
        <form
          class="stack"
          onSubmit={(event) => {
            event.preventDefault()
            void make()
          }}
        >
          {everybody ? (
            <p class="supporting">
              This listener lets everybody in: its addresses are all that a client needs.
            </p>
          ) : (
            <div class={css.gen}>
              <Field label="User" right="for lists and quotas">
                <TextField value={user.value} placeholder="alice" onInput={(next) => (user.value = next)} />
              </Field>
              <Field label="Good for">
                <SelectField value={ttl.value} options={TTLS} onInput={(next) => (ttl.value = next)} />
              </Field>
            </div>
          )}
          {made.value !== null && (
            <Made made={made.value} listener={listener.name} ttlS={Number(ttl.value)} />
          )}
          {problem.value !== null && (
            <Note state="down" title={problem.value.title} isUrgent>
              {problem.value.detail} {problem.value.hint}
            </Note>
          )}
          <div class="row">
            <Button type="submit" needs="operator" icon="key" isBusy={isBusy.value} busyWord="Making them">
              {made.value === null ? 'Make them' : 'Make others'}
            </Button>
          </div>
        </form>
      ) : (
        <NoSecret listener={listener} />
      )}
    </Panel>
  )
}

interface MadeProps {
  readonly made: TurnCredentials
  readonly listener: string
  readonly ttlS: number
}

function Made({ made, listener, ttlS }: MadeProps) {
  const rows = [
    ['username', made.username],
    ['credential', made.password],
  ] as const
  const user = made.username?.replace(/^\d+:?/, '') ?? ''
  const command = `sluice turn credentials --listener ${listener}${user === '' ? '' : ` --user '${user.replaceAll("'", String.raw`'\''`)}'`} --ttl ${ttlS}s --json`
  return (
    <>
      <dl class={css.made}>
        {rows.map(
          ([name, value]) =>
            value !== null && (
              <div key={name}>
                <dt>{name}</dt>
                <dd title={value}>
                  <span class="mono">{value}</span>
                  <Copy text={value} label={name} />
                </dd>
              </div>
            ),
        )}
        {made.uris.map((uri) => (
          <div key={uri}>
            <dt>url</dt>
            <dd title={uri}>
              <span class="mono">{uri}</span>
              <Copy text={uri} label="URL" />
            </dd>
          </div>
        ))}
      </dl>
      {made.note !== null && <Note title="About the addresses">{made.note}</Note>}
      <details>
        <summary>As JavaScript, and as a command</summary>
        <div class={css.asCode}>
          <Code text={made.snippet} isCopied isBlock />
          <Code text={command} isCopied />
        </div>
      </details>
      <p class="small quiet">
        {made.expires !== null && (
          <>
            Good until <Time at={made.expires} />.{' '}
          </>
        )}
        {count(made.iceServers.length, 'ICE server')}; they are shown once.
      </p>
    </>
  )
}

function NoSecret({ listener: { name, auth } }: { readonly listener: TurnListener }) {
  return (
    <div class="stack">
      <p class="supporting">
        Listener {name} knows {count(auth.users, 'user')} of the config and no secret: none are made for it,
        and no password is told. With a secret your application makes them for its own users:
      </p>
      <Code text={'auth: { secrets: ["${TURN_SECRET}"] }'} isCopied />
    </div>
  )
}
