// What stands between the servers of a backend and its requests: breakers and passive health, where there are
// any.
import type { ServerLive } from '../../data/servers.ts'
import { Status } from '../../parts/status.tsx'
import type { BackendFields } from './backend-fields.ts'
import { BreakerOrder } from './breaker-order.tsx'
import { BreakerPanel, Why } from './breaker-panel.tsx'
import { weightWords, shownCircuit, shownPassive } from './guard-words.ts'
import css from './guards.module.css'
import drawer from './server-drawer.module.css'
import { BackInUse, PassivePanel, PassiveWhy } from './passive-panel.tsx'
import type { Scene } from './order-words.ts'

export interface GuardsProps {
  readonly scene: Scene
  readonly effective: Partial<BackendFields>
}

export function Guards({ scene, effective }: GuardsProps) {
  const { circuit_breaker: breaker, passive_health: passive } = effective
  const hasBreaker = breaker !== undefined && breaker.mode !== 'off'
  const hasPassive = passive !== undefined && passive.mode !== 'off'
  if (!hasBreaker && !hasPassive) return null
  return (
    <div class={css.guards}>
      {hasBreaker && <BreakerPanel scene={scene} fields={breaker} />}
      {hasPassive && <PassivePanel backend={scene.backend} rows={scene.rows} fields={passive} />}
    </div>
  )
}

interface GuardStatesProps {
  readonly scene: Scene
  readonly server: string
  readonly live: ServerLive
}

/** Of one server, as its drawer has them: terms and what is said of them. */
export function GuardStates({ scene, server, live }: GuardStatesProps) {
  const { circuit, passive } = live
  const share = weightWords(live)
  return (
    <>
      {share !== '' && (
        <>
          <dt>Share</dt>
          <dd>{share}</dd>
        </>
      )}
      {circuit !== undefined && (
        <>
          <dt>Breaker</dt>
          <dd>
            <Status {...stateOf(shownCircuit(circuit))} isQuiet={circuit.state === 'closed'} />
            <small>
              <Why circuit={circuit} />
            </small>
            <span class={drawer.acts}>
              <BreakerOrder scene={scene} server={server} circuit={circuit} />
            </span>
          </dd>
        </>
      )}
      {passive !== undefined && (
        <>
          <dt>Passive health</dt>
          <dd>
            <Status {...stateOf(shownPassive(passive))} isQuiet={passive.state === 'in'} />
            <small>
              {passive.state === 'in' &&
                `${passive.failures} of ${passive.attempts} failed in ${passive.window} `}
              <PassiveWhy passive={passive} />
            </small>
            {passive.state === 'out' && (
              <span class={drawer.acts}>
                <BackInUse backend={scene.backend} server={server} />
              </span>
            )}
          </dd>
        </>
      )}
    </>
  )
}

const stateOf = ({ look, word }: ReturnType<typeof shownCircuit>) => ({ state: look, word })
