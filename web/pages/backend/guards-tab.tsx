// When breakers open and passive health takes servers out: the fields of both, which a backend has or not.
import type { JsonMap } from '../../data/merge.ts'
import { Button } from '../../parts/button.tsx'
import { Empty } from '../../parts/empty.tsx'
import { Panel } from '../../parts/panel.tsx'
import type { BackendResource } from './backend-fields.ts'
import { ConfigPanels, ConfigTab, type PanelRow } from './config-panels.tsx'
import { type BreakerFields, opensWords, type PassiveFields, takesOutWords } from './guard-words.ts'
import css from './guards.module.css'
import { type DraftOf, useDraftOf } from './use-draft-of.ts'

export function GuardsTab({ resource }: { readonly resource: BackendResource }) {
  const draft = useDraftOf(resource)
  return (
    <ConfigTab resource={resource} draft={draft}>
      <One
        {...{ draft, guard: BREAKER }}
        sentence={upper(opensWords((draft.value['circuit_breaker'] ?? {}) as BreakerFields))}
      />
      <One
        {...{ draft, guard: PASSIVE }}
        sentence={upper(takesOutWords((draft.value['passive_health'] ?? {}) as PassiveFields))}
      />
    </ConfigTab>
  )
}

interface Guard {
  readonly name: 'circuit_breaker' | 'passive_health'
  readonly title: string
  readonly missing: string
  readonly add: string
  readonly remove: string
  readonly about: string
  readonly panels: readonly PanelRow[]
}

interface OneProps {
  readonly draft: DraftOf
  readonly guard: Guard
  readonly sentence: string
}

function One({ draft, guard, sentence }: OneProps) {
  const { name, title, missing, add, remove, about, panels } = guard
  const isThere = draft.value[name] !== undefined
  const put = (value: object | null): void => draft.put({ [name]: value } as unknown as JsonMap)
  return (
    <section class={css.guard} aria-label={title}>
      <h2>{title}</h2>
      {isThere ? (
        <>
          <p class="supporting">{sentence}.</p>
          <ConfigPanels draft={draft} panels={panels} />
          <p>
            <Button icon="trash" kind="danger" needs="editor" onPress={() => put(null)}>
              {remove}
            </Button>
          </p>
        </>
      ) : (
        <Panel>
          <Empty
            title={missing}
            action={
              <Button icon="plus" needs="editor" onPress={() => put({})}>
                {add}
              </Button>
            }
          >
            {about}
          </Empty>
        </Panel>
      )}
    </section>
  )
}

const upper = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)

const CB = ['circuit_breaker']
const PH = ['passive_health']

const BREAKER: Guard = {
  name: 'circuit_breaker',
  title: 'Circuit breaker',
  missing: 'No breaker',
  add: 'Add a breaker',
  remove: 'Remove the breaker',
  about:
    'A server whose requests fail gets further ones all the same. A breaker leaves it alone for a while, and tries it again with a few.',
  panels: [
    {
      title: 'When it opens',
      under: CB,
      only: ['mode', 'failure_ratio', 'min_requests', 'window', 'failures'],
    },
    {
      ...{
        title: 'When answers are slow',
        under: [...CB, 'slow'],
        turns: 'Open also when too many answers are slow',
      },
      only: ['over', 'ratio'],
    },
    { title: 'What counts as a failure', under: [...CB, 'counts'], only: ['statuses', 'faults'] },
    {
      ...{ title: 'How it comes back', under: CB },
      only: ['open_for', 'open_for_max', 'half_open_requests', 'half_open_successes'],
    },
    { title: 'How many at once', under: CB, only: ['max_out'] },
  ],
}

const PASSIVE: Guard = {
  name: 'passive_health',
  title: 'Passive health',
  missing: 'No passive health',
  add: 'Add passive health',
  remove: 'Remove passive health',
  about:
    'Only checks say that a server is down. Passive health takes one out for a while by what its requests met, and brings it back by time.',
  panels: [
    {
      ...{ title: 'When a server goes out', under: PH },
      only: ['mode', 'failures', 'window', 'faults_in_a_row', 'statuses'],
    },
    {
      ...{
        title: 'Beside its peers',
        under: [...PH, 'success_rate'],
        turns: 'Take out who fails far more often than the others',
        off: false,
      },
      only: ['min_servers', 'min_requests', 'deviation'],
    },
    { title: 'For how long', under: PH, only: ['cooldown', 'cooldown_max'] },
    { title: 'How many at most', under: PH, only: ['max_out'] },
  ],
}
