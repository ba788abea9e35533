// How a server is picked, and what keeps a client with one.
import { ALGORITHMS } from '../../data/algorithms.ts'
import { can } from '../../data/session.ts'
import { SelectField } from '../../parts/controls.tsx'
import { Field } from '../../parts/field.tsx'
import { Panel } from '../../parts/panel.tsx'
import type { BackendResource, HashFields } from './backend-fields.ts'
import { ConfigPanels, ConfigTab, type PanelRow } from './config-panels.tsx'
import { SessionCounts } from './policy-counts.tsx'
import { sessionPanels, SessionsPanel } from './sessions-panel.tsx'
import { useDraftOf } from './use-draft-of.ts'

const PANIC: PanelRow = {
  title: 'When few are up',
  only: ['panic_threshold', 'failover_below'],
  about: 'Many failures at once rather mean that the checks are wrong, or that those left would be overrun.',
}

const SLOW_START: PanelRow = {
  ...{ title: 'Slow start', under: ['slow_start'] },
  turns: 'A server that comes up gets its share step by step',
  only: ['over', 'aggression', 'least'],
}

const DYNAMIC: PanelRow = {
  ...{ title: 'Dynamic weights', under: ['dynamic_weights'] },
  turns: 'Weights follow how servers fare',
  only: ['mode', 'least', 'most'],
}

export function BalancingTab({ resource }: { readonly resource: BackendResource }) {
  const draft = useDraftOf(resource)
  const algorithm = String(draft.value['algorithm'] ?? 'round_robin')
  const hash = draft.value['hash'] as HashFields | undefined
  const was = draft.configured['algorithm']
  const pick = (next: string): void =>
    draft.put({
      algorithm: next === 'round_robin' && was === undefined ? null : next,
      // One does not stand without the other.
      ...(next === 'hash' && hash === undefined && { hash: { by: 'cookie', name: 'session' } }),
      ...(next !== 'hash' && hash !== undefined && { hash: null }),
    })
  return (
    <ConfigTab resource={resource} draft={draft}>
      <SessionCounts live={resource.live} />
      <ConfigPanels
        draft={draft}
        panels={[
          ...(algorithm === 'hash'
            ? [
                {
                  ...{ title: 'Hash', under: ['hash'], only: ['by', 'name', 'load_factor'] },
                  about: stickiness(hash),
                },
              ]
            : []),
          ...sessionPanels(draft),
          SLOW_START,
          DYNAMIC,
          PANIC,
        ]}
      >
        <Panel title="Algorithm">
          <Field
            label="Algorithm"
            right="default round_robin"
            help={ALGORITHMS.find(({ value }) => value === algorithm)?.about}
            was={(was ?? 'round_robin') === algorithm ? undefined : String(was ?? '')}
          >
            <SelectField value={algorithm} options={ALGORITHMS} isDisabled={!can('edit')} onInput={pick} />
          </Field>
        </Panel>
        <SessionsPanel draft={draft} />
      </ConfigPanels>
    </ConfigTab>
  )
}

/** “Requests with the same cookie session go to the same server.” */
function stickiness(hash: HashFields | undefined): string {
  const name = hash?.name === undefined ? '' : ` ${hash.name}`
  const what =
    hash?.by === 'client_ip' ? 'from the same address' : `with the same ${hash?.by ?? 'value'}${name}`
  return `Requests ${what} go to the same server while it is up and not fuller than the others by load_factor.`
}
