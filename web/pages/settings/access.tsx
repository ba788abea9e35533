// Admin access: how this dashboard and the API are reached. Changed in the file, reviewed as every change,
// and taken back by itself unless somebody who still gets in confirms it.
import { useEffect, useState } from 'preact/hooks'
import { ask } from '../../data/api.ts'
import { useHeld } from '../../data/held.ts'
import { can } from '../../data/session.ts'
import { to } from '../../data/urls.ts'
import { Button } from '../../parts/button.tsx'
import { Loading } from '../../parts/empty.tsx'
import { Note } from '../../parts/messages.tsx'
import { Panel } from '../../parts/panel.tsx'
import { accessRows, adminLine, NOT_USED } from './access-rows.ts'
import css from './settings.module.css'
import { Unread } from './use-doing.tsx'

export function AdminAccess() {
  const schema = useHeld('GET /api/v1/config/schema', {}).value
  const written = useHeld('GET /api/v1/config', {}, { topics: ['config'] }).value
  const effective = useHeld(
    'GET /api/v1/config',
    {},
    { query: { view: 'effective' }, topics: ['config'] },
  ).value
  const line = useAdminLine()
  const problem = schema.problem ?? written.problem ?? effective.problem
  if (schema.value === null || written.value === null || effective.value === null)
    return <Panel>{problem === null ? <Loading lines={6} /> : <Unread problem={problem} />}</Panel>
  const adminOf = (config: unknown): unknown => (config as Readonly<Record<string, unknown>>)['admin']
  const rows = accessRows(schema.value, adminOf(written.value), adminOf(effective.value))
  return (
    <>
      <Note
        title="Changed in the file, under admin"
        actions={
          <Button icon="edit" needs="editor" href={to(line > 0 ? `/config?line=${line}` : '/config')}>
            Edit in the file
          </Button>
        }
      >
        A change here can lock everybody out. The review has “take back unless confirmed” on for it: if you do
        not reach the dashboard any more, the gateway goes back by itself.
      </Note>
      <Panel isFlush title="admin">
        <div class={css.heads} aria-hidden="true">
          <span>Setting</span>
          <span>In the file</span>
          <span>Takes effect</span>
        </div>
        <dl>
          {rows.map(({ name, help, written: said, effective: holds }) => (
            <div class={css.setting} key={name}>
              <dt>
                <code>{name}</code>
                <p>
                  <Prose text={help} />
                </p>
              </dt>
              <dd>
                <span class={css.label}>In the file</span>
                {said === null ? <span class="quiet">not set</span> : <code>{said}</code>}
              </dd>
              <dd>
                <span class={css.label}>Takes effect</span>
                {holds === NOT_USED ? <span class="quiet">{holds}</span> : <code>{holds}</code>}
              </dd>
            </div>
          ))}
        </dl>
      </Panel>
    </>
  )
}

/** Help of the schema: what stands between backticks is code. */
const Prose = ({ text }: { readonly text: string }) => (
  <>{text.split('`').map((part, at) => (at % 2 === 1 ? <code key={at}>{part}</code> : part))}</>
)

/** Where the file says it; 0 where it does not, or who looks may not read its text. */
function useAdminLine(): number {
  const [line, setLine] = useState(0)
  const mayRead = can('edit')
  useEffect(() => {
    if (!mayRead) return
    void ask('GET /api/v1/config', {}, { accept: 'text/plain, application/yaml, */*' }).then((answer) => {
      if (answer.ok && typeof answer.value === 'string') setLine(adminLine(answer.value))
    })
  }, [mayRead])
  return line
}
