// What becomes of a request, told from the first rule to the server: what holds, what does not, and why.
import type { ExplainedAny } from '../../../server/control/explain/explain-any.ts'
import type { ExplainedBackend, ExplainedServer } from '../../../server/control/explain/explain-backend.ts'
import type { ExplainedGate } from '../../../server/control/explain/explain-gates.ts'
import type { ExplainedStep } from '../../../server/control/explain/explain-steps.ts'
import { number } from '../../data/say.ts'
import { classes } from '../../parts/classes.ts'
import { Shape, type State } from '../../parts/status.tsx'
import type { ShownRule } from './shown-rules.ts'
import css from './tester.module.css'
import { Trace } from './trace.tsx'
import { Verdict } from './verdict.tsx'

interface ExplanationProps {
  readonly explained: ExplainedAny
  /** Those of the listener where it comes in, in the order in which they are asked. */
  readonly rules: readonly ShownRule[]
}

export function Explanation({ explained, rules }: ExplanationProps) {
  const { backend } = explained
  const gates = explained.kind === 'connection' ? explained.gates : (explained.connection?.gates ?? [])
  return (
    <>
      <Verdict explained={explained} rules={rules} />
      {gates.length > 0 && <Gates gates={gates} />}
      {explained.kind === 'request' && (
        <>
          {explained.trace !== null && <Trace trace={explained.trace} rules={rules} />}
          <Captures captures={explained.captures} />
          {explained.middleware.length > 0 && <Steps steps={explained.middleware} />}
        </>
      )}
      {backend !== null && <Servers backend={backend} />}
    </>
  )
}

/** What parameters of the path stand for. */
function Captures({ captures }: { readonly captures: Readonly<Record<string, string>> }) {
  const all = Object.entries(captures)
  if (all.length === 0) return null
  return (
    <section>
      <h3 class={css.head}>Of its path</h3>
      <ol class={css.trace}>
        {all.map(([name, text]) => (
          <li key={name}>
            <span class={css.n} />
            <span class={css.nm}>{name}</span>
            <span class={css.d}>{text === '' ? <span class="quiet">nothing</span> : text}</span>
          </li>
        ))}
      </ol>
    </section>
  )
}

const GATES: Readonly<Record<ExplainedGate['gate'], string>> = {
  ...{ proxy_protocol: 'PROXY protocol', tls: 'TLS', client_certificate: 'client certificate' },
  ...{ address: 'address', rate: 'rate', rules: 'rules' },
}

/** What stands before the rules, in the order in which it is met. */
function Gates({ gates }: { readonly gates: readonly ExplainedGate[] }) {
  return (
    <section>
      <h3 class={css.head}>Before it</h3>
      <ol class={css.trace}>
        {gates.map(({ gate, does, why }, at) => (
          <li key={at}>
            <span class={css.n} />
            <span class={css.nm}>{GATES[gate]}</span>
            <span class={css.d}>
              {does === 'refuses' && <span class={css.refused}>refuses it</span>}
              <span>{why}</span>
            </span>
          </li>
        ))}
      </ol>
    </section>
  )
}

const DOES: Readonly<Record<ExplainedStep['does'], string>> = {
  passes: 'lets it pass',
  refuses: 'refuses it',
  answers: 'answers it itself',
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
        {steps.map(({ name, mode, acts_on: on, does, why, limit, in_use: used, left }, at) => (
          <li key={at} class={does === 'not_reached' || does === 'off' ? css.pass : undefined}>
            <span class={css.n} />
            <span class={css.nm}>{name}</span>
            <span class={css.d}>
              <span class={does === 'refuses' ? css.refused : undefined}>{DOES[does]}</span>
              {why !== undefined && <span class="quiet">{why}</span>}
              {limit !== undefined && (
                <span class="quiet">
                  {limit}
                  {used !== undefined && `; ${number(used)} now`}
                  {left !== undefined && `; ${number(left)} left`}
                </span>
              )}
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
