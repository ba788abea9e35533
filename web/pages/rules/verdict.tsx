// What becomes of it, in one line: the rule, the backend, the server; or why it gets nowhere.
import type { ExplainedAny } from '../../../server/control/explain/explain-any.ts'
import type { ExplainedServer } from '../../../server/control/explain/explain-backend.ts'
import { number } from '../../data/say.ts'
import { classes } from '../../parts/classes.ts'
import { Icon } from '../../parts/icon.tsx'
import { Shape } from '../../parts/status.tsx'
import type { ShownRule } from './shown-rules.ts'
import { outcomeWords } from './tested.ts'
import css from './tester.module.css'

interface VerdictProps {
  readonly explained: ExplainedAny
  readonly rules: readonly ShownRule[]
}

export function Verdict({ explained, rules }: VerdictProps) {
  const { rule, listener, backend, fault, detail } = explained
  const server = serverOf(explained)
  const words = outcomeWords(explained)
  const isBad = explained.outcome === 'no_rule' || fault !== null
  const place = rule === null ? -1 : rules.findIndex(({ id }) => id === rule.name)
  const open = backend?.servers_with_work ?? 0
  return (
    <div class={classes(css.verdict, isBad && css.bad)}>
      <p class={css.big}>
        {rule === null && (backend === null || words !== '') ? (
          <>
            <Shape state={isBad ? 'down' : 'up'} /> {words}
          </>
        ) : (
          <>
            {ruleWords(rule, place)} <b>{rule?.name ?? listener.name}</b>
            {backend !== null && <Leg name={backend.backend} />}
            {server !== null && <Leg name={server.server} />}
            {server === null && open > 1 && <Leg name={`one of ${number(open)} servers`} />}
          </>
        )}
      </p>
      <p class={classes('mono', css.line)}>{requestLine(explained, server)}</p>
      {rule !== null && words !== '' && <p>{words}.</p>}
      {detail !== null && detail !== words && <p>{detail}</p>}
      <p class="supporting">
        At {listener.name}: {listener.why}. Nothing was sent.
      </p>
    </div>
  )
}

const ruleWords = (rule: ExplainedAny['rule'], place: number): string =>
  rule === null || rule.place === null ? 'Listener' : place === -1 ? 'Rule' : `Rule ${place + 1}`

/** The one that gets it; null: any of several may. */
function serverOf({ backend }: ExplainedAny): ExplainedServer | null {
  if (backend === null) return null
  const working = backend.servers.filter((one) => one.gets_work)
  const [only = null] = working
  if (backend.hashed_to !== null) return working.find(({ server }) => server === backend.hashed_to) ?? null
  return working.length === 1 && backend.servers_with_work === 1 ? only : null
}

/** As its server would be asked, where that is known. */
function requestLine(explained: ExplainedAny, server: ExplainedServer | null): string {
  if (explained.kind === 'connection') {
    const { transport, port, server_name: name, alpn } = explained.connection
    const offers = alpn.length === 0 ? '' : `, offers ${alpn.join(', ')}`
    return `${transport} to port ${port}${name === null ? '' : `, asks for ${name}`}${offers}`
  }
  const { method, scheme, host, path, query } = explained.request
  const base = server === null ? `${scheme}://${host}` : server.url.replace(/\/$/, '')
  return `${method} ${base}${path}${query === '' ? '' : `?${query}`}`
}

const Leg = ({ name }: { readonly name: string }) => (
  <>
    <Icon name="arrow" size={12} /> <span class={css.leg}>{name}</span>
  </>
)
