// How servers are asked whether they are up.
import { Button } from '../../parts/button.tsx'
import { Empty } from '../../parts/empty.tsx'
import { Panel } from '../../parts/panel.tsx'
import type { JsonMap } from '../../data/merge.ts'
import { merged } from '../../parts/schema-fields.ts'
import { type BackendFields, type BackendResource, type CheckFields, checksIn } from './backend-fields.ts'
import { checkSentence } from './check-words.ts'
import { ConfigPanels, ConfigTab, type PanelRow } from './config-panels.tsx'
import { errorsBelow, ofOneIn } from './tried-words.ts'
import { type DraftOf, useDraftOf } from './use-draft-of.ts'

export function HealthTab({ resource }: { readonly resource: BackendResource }) {
  const draft = useDraftOf(resource)
  const checks = checksIn(draft.value['health_check'] as BackendFields['health_check'])
  if (checks.length === 0)
    return (
      <ConfigTab resource={resource} draft={draft}>
        <Panel>
          <Empty
            title="No health check"
            action={
              <Button icon="plus" needs="editor" onPress={() => draft.put({ health_check: {} })}>
                Add a health check
              </Button>
            }
          >
            A server is taken for up as long as the config names it: requests are tried on it also when it is
            down. A check takes it out before clients notice.
          </Empty>
        </Panel>
      </ConfigTab>
    )
  const effective = checksIn(resource.effective.health_check)
  return (
    <ConfigTab resource={resource} draft={draft}>
      {checks.map((check, index) => (
        <OneCheck
          key={index}
          draft={
            checks.length > 1 || Array.isArray(draft.value['health_check']) ? draftOfOne(draft, index) : draft
          }
          check={check}
          sentence={checkSentence({
            ...effective[index],
            type: kindOf(check, draft.value['servers']),
            ...check,
          })}
          remove={checks.length > 1 ? 'Remove this check' : 'Remove the check'}
          onRemove={() => draft.put({ health_check: listOf(checks.filter((_, at) => at !== index)) })}
        />
      ))}
      <p>
        <Button
          icon="plus"
          needs="editor"
          onPress={() => draft.put({ health_check: listOf([...checks, {}]) })}
        >
          Add another check, which must pass as well
        </Button>
      </p>
    </ConfigTab>
  )
}

interface OneCheckProps {
  readonly draft: DraftOf
  readonly check: CheckFields
  readonly sentence: string
  readonly remove: string
  readonly onRemove: () => void
}

function OneCheck({ draft, check, sentence, remove, onRemove }: OneCheckProps) {
  return (
    <>
      {Object.keys(errorsBelow(draft.tried.errors, UNDER)).length === 0 && (
        <p class="supporting">{sentence}</p>
      )}
      <ConfigPanels draft={draft} panels={PANELS[kindOf(check, draft.value['servers'])]} />
      <p>
        <Button icon="trash" kind="danger" needs="editor" onPress={onRemove}>
          {remove}
        </Button>
      </p>
    </>
  )
}

/** As a file has them: none is no key, and one stands by itself. */
const listOf = (checks: readonly CheckFields[]): JsonMap[string] =>
  (checks.length === 0 ? null : checks.length === 1 ? checks[0] : checks) as unknown as JsonMap[string]

/** One of a list, as if it were the only one: lists are replaced as a whole (RFC 7396). */
function draftOfOne(draft: DraftOf, index: number): DraftOf {
  const checksOf = (value: JsonMap) => checksIn(value['health_check'] as BackendFields['health_check'])
  const alone = (value: JsonMap): JsonMap =>
    ({ ...value, health_check: checksOf(value)[index] ?? {} }) as unknown as JsonMap
  return {
    ...draft,
    value: alone(draft.value),
    configured: alone(draft.configured),
    tried: ofOneIn(draft.tried, 'health_check', index),
    put: ({ health_check: patch }) =>
      draft.put({
        health_check: checksOf(draft.value).map((one, at) =>
          at === index ? merged(one, patch) : one,
        ) as unknown as JsonMap[string],
      } as JsonMap),
  }
}

type Kind = 'http' | 'tcp' | 'udp'

/** As the check says, else as the servers are spoken to. */
function kindOf({ type }: CheckFields, servers: unknown): Kind {
  if (type === 'tcp' || type === 'udp' || type === 'http') return type
  const [first] = Array.isArray(servers) ? (servers as readonly { readonly url?: string }[]) : []
  const url = first?.url ?? ''
  return url.startsWith('http') ? 'http' : url.startsWith('udp') ? 'udp' : 'tcp'
}

const UNDER = ['health_check']
const EXPECTED = ['health_check', 'expect']
const OFTEN: PanelRow = { title: 'How often', under: UNDER, only: ['interval', 'interval_down', 'timeout'] }
const TAKES: PanelRow = { title: 'How many in a row', under: UNDER, only: ['fall', 'rise'] }

const PANELS: Readonly<Record<Kind, readonly PanelRow[]>> = {
  http: [
    {
      title: 'What is asked',
      under: UNDER,
      only: ['path', 'method', 'host', 'port', 'headers', 'follow_redirects', 'type'],
    },
    OFTEN,
    TAKES,
    { title: 'What passes', under: EXPECTED, only: ['status', 'body', 'body_regex', 'body_limit'] },
  ],
  tcp: [
    { title: 'What is asked', under: UNDER, only: ['send', 'host', 'port', 'type'] },
    OFTEN,
    TAKES,
    { title: 'What passes', under: EXPECTED, only: ['data', 'data_regex', 'data_limit'] },
  ],
  udp: [{ title: 'What is asked', under: UNDER, only: ['send', 'port', 'type'] }, OFTEN, TAKES],
}
