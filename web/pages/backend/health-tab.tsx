// How servers are asked whether they are up.
import { Button } from '../../parts/button.tsx'
import { Empty } from '../../parts/empty.tsx'
import { Panel } from '../../parts/panel.tsx'
import type { BackendResource, CheckFields } from './backend-fields.ts'
import { checkSentence } from './check-words.ts'
import { ConfigPanels, ConfigTab, type PanelRow } from './config-panels.tsx'
import { useDraftOf } from './use-draft-of.ts'

export function HealthTab({ resource }: { readonly resource: BackendResource }) {
  const draft = useDraftOf(resource)
  const check = draft.value['health_check'] as CheckFields | undefined
  if (check === undefined)
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
  const kind = kindOf(check, draft.value['servers'])
  return (
    <ConfigTab resource={resource} draft={draft}>
      <p class="supporting">{checkSentence({ ...resource.effective.health_check, type: kind, ...check })}</p>
      <ConfigPanels draft={draft} panels={PANELS[kind]} />
      <p>
        <Button icon="trash" kind="danger" needs="editor" onPress={() => draft.put({ health_check: null })}>
          Remove the check
        </Button>
      </p>
    </ConfigTab>
  )
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
    { title: 'What is asked', under: UNDER, only: ['path', 'method', 'headers', 'type'] },
    OFTEN,
    TAKES,
    { title: 'What passes', under: EXPECTED, only: ['status', 'body', 'body_regex', 'body_limit'] },
  ],
  tcp: [
    { title: 'What is asked', under: UNDER, only: ['send', 'type'] },
    OFTEN,
    TAKES,
    { title: 'What passes', under: EXPECTED, only: ['data', 'data_regex', 'data_limit'] },
  ],
  udp: [{ title: 'What is asked', under: UNDER, only: ['send', 'type'] }, OFTEN, TAKES],
}
