// What becomes of a request, told from the first rule to the server: what holds, what does not, and why.
import type { Explained } from '../../../server/control/explain/explain.ts'
import type { ExplainedBackend, ExplainedServer } from '../../../server/control/explain/explain-backend.ts'
import type { ExplainedStep } from '../../../server/control/explain/explain-steps.ts'
import { number } from '../../data/say.ts'
import { classes } from '../../parts/classes.ts'
import { Icon } from '../../parts/icon.tsx'
import { Shape, type State } from '../../parts/status.tsx'
import type { ShownRule } from './shown-rules.ts'
import { outcomeWords } from './tested.ts'
import css from './tester.module.css'
import { Trace } from './trace.tsx'

interface ExplanationProps {
  readonly explained: Explained
  /** Those of the listener where it comes in, in the order in which they are asked. */
  readonly rules: readonly ShownRule[]
}

export function Explanation({ explained, rules }: ExplanationProps) {
  const { trace, middleware, backend } = explained
  return (
    <>
      <Verdict explained={explained} rules={rules} />
      {trace !== null && <Trace trace={trace} rules={rules} />}
      {middleware.length > 0 && <Steps steps={middleware} />}
      {backend !== null && <Servers backend={backend} />}
    </>
  )
}

function Verdict({ explained, rules }: ExplanationProps) {
  const { rule, listener, backend, fault, detail } = explained
  const server = serverOf(explained)
  const words = outcomeWords(explained)
  const isBad = explained.outcome === 'no_rule' || fault !== null
  const place = rule === null ? -1 : rules.findIndex(({ id }) => id === rule.name)
  const open = backend?.servers_with_work ?? 0
  return (
    <div class={classes(css.verdict, isBad && css.bad)}>
      <p class={css.big}>
        {rule === null ? (
          <>
            <Shape state={isBad ? 'down' : 'up'} /> {words}
          </>
        ) : (
          <>
            {rule.place === null ? 'The listener' : place === -1 ? 'Rule' : `Rule ${place + 1}`}{' '}
            <b>{rule.name}</b>
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

/** The one that gets it; null: any of several may. */
function serverOf({ backend }: Explained): ExplainedServer | null {
  if (backend === null) return null
  const working = backend.servers.filter((one) => one.gets_work)
  const [only = null] = working
  if (backend.hashed_to !== null) return working.find(({ server }) => server === backend.hashed_to) ?? null
  return working.length === 1 && backend.servers_with_work === 1 ? only : null
}

/** As its server would be asked, where that is known. */
function requestLine({ request }: Explained, server: ExplainedServer | null): string {
  const { method, scheme, host, path, query } = request
  const base = server === null ? `${scheme}://${host}` : server.url.replace(/\/$/, '')
  return `${method} ${base}${path}${query === '' ? '' : `?${query}`}`
}

const Leg = ({ name }: { readonly name: string }) => (
  <>
    <Icon name="arrow" size={12} /> <span class={css.leg}>{name}</span>
  </>
)

const DOES: Readonly<Record<ExplainedStep['does'], string>> = {
  passes: 'lets it pass',
  refuses: 'refuses it',
  would_refuse: 'would refuse it; in shadow it only counts',
  depends: 'depends on what else comes',
  not_reached: 'is not reached',
  off: 'is off',
}

function Steps({ steps }: { readonly steps: readonly ExplainedStep[] }) {
  return (
    <section>
      <h3 class={css.head}>On the way</h3>
      <ol class={css.trace}>
        {steps.map(({ name, mode, acts_on: on, does }, at) => (
          <li key={at} class={does === 'not_reached' || does === 'off' ? css.pass : undefined}>
            <span class={css.n} />
            <span class={css.nm}>{name}</span>
            <span class={css.d}>
              <span class={does === 'refuses' ? css.refused : undefined}>{DOES[does]}</span>
              {mode !== 'enforce' && <span class="quiet">{mode}</span>}
              {on.length > 0 && <span class="quiet">acts on the {on.join(', ')}</span>}
            </span>
          </li>
        ))}
      </ol>
    </section>
  )
}

function Servers({ backend }: { readonly backend: ExplainedBackend }) {
  const { algorithm, hashed_by: by, hashed_to: to, servers, servers_left_out: left } = backend
  return (
    <section>
      <h3 class={css.head}>
        Server{' '}
        <span class={css.end}>
          {algorithm}
          {by === null ? '' : `, by ${by}`}
        </span>
      </h3>
      <ol class={css.trace}>
        {servers.map((one) => (
          <li key={one.server} class={classes(one.server === to && css.win, !one.gets_work && css.pass)}>
            <span class={css.n}>
              <Shape state={stateOf(one)} size={10} />
            </span>
            <span class={css.nm} title={one.url}>
              {one.server}
            </span>
            <span class={css.d}>
              {one.gets_work && (
                <span>
                  {number(one.in_flight)} in flight, weight {number(one.weight)}
                </span>
              )}
              {one.why !== null && <span>{one.why}</span>}
              {one.server === to && <b>its hash leads here</b>}
            </span>
          </li>
        ))}
        {left > 0 && (
          <li class={css.pass}>
            <span class={css.n} />
            <span class={css.wide}>and {number(left)} more</span>
          </li>
        )}
      </ol>
    </section>
  )
}

function stateOf({ gets_work: getsWork, why }: ExplainedServer): State {
  if (why?.startsWith('maintenance') === true) return 'maint'
  if (why?.startsWith('drain') === true) return 'drain'
  if (why?.startsWith('down') === true) return 'down'
  return getsWork ? 'up' : 'unk'
}
