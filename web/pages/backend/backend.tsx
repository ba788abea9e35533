// A backend: how it is, its servers in the three states, and what is configured of it.
import type { ComponentChildren } from 'preact'
import { changeOf } from '../../data/draft.ts'
import { useHeld } from '../../data/held.ts'
import { useRates } from '../../data/rates.ts'
import { number } from '../../data/say.ts'
import { shownBackend } from '../../data/servers.ts'
import { segment, to } from '../../data/urls.ts'
import { Tabs } from '../../parts/choices.tsx'
import { Guarded, Loading } from '../../parts/empty.tsx'
import { Note } from '../../parts/messages.tsx'
import { Beside } from '../../parts/overlays.tsx'
import { PageHead } from '../../parts/page-head.tsx'
import { Shape, Tag } from '../../parts/status.tsx'
import { useAddress } from '../../parts/use-address.ts'
import { AddServer } from './add-server.tsx'
import { BackendActions } from './backend-actions.tsx'
import type { BackendResource } from './backend-fields.ts'
import { BackendFigures } from './backend-figures.tsx'
import { BalancingTab } from './balancing-tab.tsx'
import { ConfigPanels, ConfigTab, type PanelRow } from './config-panels.tsx'
import { GuardsTab } from './guards-tab.tsx'
import { Guards } from './guards.tsx'
import { HealthTab } from './health-tab.tsx'
import { NewRollout } from './new-rollout.tsx'
import { isUnderWay, RolloutsTab, useRollouts } from './rollouts-tab.tsx'
import { useDraftOf } from './use-draft-of.ts'
import { YamlTab } from './yaml-tab.tsx'
import { boundByOf, ignoresWeights } from './balancing-words.ts'
import { DraftedBackend } from './drafted-backend.tsx'
import { sentenceOf } from './head-words.ts'
import type { Scene } from './order-words.ts'
import { RetriesTab } from './retries-tab.tsx'
import { ServerDrawer } from './server-drawer.tsx'
import { useServers } from './use-servers.ts'
import { ServersTab } from './servers-tab.tsx'

export interface BackendProps {
  readonly backend: string
  /** The one whose drawer is open. */
  readonly server?: string
}

const CRUMB = { href: to('/backends'), label: 'Backends' }
const TOPICS = ['health', 'config', 'server']

export function Backend({ backend, server }: BackendProps) {
  const drafted = changeOf(`backends/${segment(backend)}`)
  const isDrafted = drafted?.op === 'create'
  const own = useHeld(
    'GET /api/v1/backends/{backend}',
    { backend },
    // Of one that only the draft has there is nothing to be told.
    { topics: TOPICS, everyMs: 10_000, isOff: isDrafted },
  ).value
  const resource = own.value as unknown as BackendResource | null
  if (resource !== null)
    return (
      <Running key={backend} resource={resource} server={server ?? null} isStale={own.problem !== null} />
    )
  if (isDrafted) return <DraftedBackend backend={backend} value={drafted.value} />
  return (
    <>
      <PageHead crumb={CRUMB} title={backend} />
      {own.problem === null ? (
        <Loading lines={8} />
      ) : (
        <Note state="down" title={own.problem.title}>
          {own.problem.detail} {own.problem.hint}
        </Note>
      )}
    </>
  )
}

interface RunningProps {
  readonly resource: BackendResource
  readonly server: string | null
  readonly isStale: boolean
}

function Running({ resource, server, isStale }: RunningProps) {
  const backend = resource.id
  const { query, go, put } = useAddress()
  const rates = useRates()
  const { rows, total, problem, isKnown, isWhole } = useServers(backend)
  const { effective } = resource
  const scene: Scene = {
    backend,
    rows,
    // Read where it is shown: only that is drawn anew with each number.
    rateOf: (id) =>
      rates.value.isKnown ? (rates.value.servers.get(`${backend} ${id}`)?.requests_per_s ?? 0) : null,
    ignoresWeights: ignoresWeights(effective.algorithm),
    boundBy: boundByOf(effective),
    panicThreshold: Number(effective['panic_threshold'] ?? 0),
  }
  const tab = server === null ? (TABS.find(([name]) => name === query['tab'])?.[0] ?? 'servers') : 'servers'
  const row = server === null ? undefined : rows.find(({ id }) => id === server)
  const close = (): void => go(to(`/backends/${segment(backend)}${location.search}`))
  const status = resource.live === null ? null : shownBackend(resource.live.status)
  const limits = rows.flatMap(({ max }) => (max === null ? [] : [max]))
  const isLimited = isWhole && limits.length === rows.length && limits.length > 0
  const most = isLimited ? limits.reduce((a, b) => a + b, 0) : null
  const drawer =
    row !== undefined ? (
      <ServerDrawer key={row.id} scene={scene} row={row} resource={resource} onClose={close} />
    ) : query['new'] === 'server' ? (
      <AddServer scene={scene} onClose={() => put({ new: undefined })} />
    ) : query['new'] === 'rollout' ? (
      <NewRollout scene={scene} onClose={() => put({ new: undefined })} />
    ) : null
  return (
    <>
      <PageHead
        crumb={CRUMB}
        title={backend}
        tag={status !== null && status.look !== 'up' && <Tag state={status.look}>{status.word}</Tag>}
        actions={<BackendActions resource={resource} scene={scene} />}
      >
        {isWhole && <p>{sentenceOf(rows)}</p>}
      </PageHead>
      <Guarded label="The figures">
        <BackendFigures
          backend={backend}
          algorithm={effective.algorithm}
          rates={rates}
          inFlight={resource.live?.active_connections ?? null}
          most={leastOf(most, resource.live?.limit?.most)}
        />
      </Guarded>
      <Parts backend={backend} tab={tab} count={isWhole ? rows.length : null} />
      {server !== null && row === undefined && isWhole && (
        <Note state="warn" title={`${backend} has no server “${server}”`}>
          It may have been removed, or got another name.
        </Note>
      )}
      <Beside drawer={drawer}>
        <Guarded label="This part">
          <Part tab={tab} resource={resource} most={most}>
            {!isKnown && problem === null ? (
              <Loading lines={6} />
            ) : (
              <>
                <ServersTab
                  scene={scene}
                  total={total}
                  openServer={server}
                  isStale={isStale || problem !== null}
                />
                <Guards scene={scene} effective={effective} />
              </>
            )}
          </Part>
        </Guarded>
      </Beside>
    </>
  )
}

/** Of two limits, either of which there may be, the one that is reached first. */
const leastOf = (a: number | null, b: number | undefined): number | null =>
  a === null ? (b ?? null) : Math.min(a, b ?? a)

interface PartProps {
  readonly tab: string
  readonly resource: BackendResource
  /** What its servers may carry, taken together; null: some have no limit. */
  readonly most: number | null
  /** The servers, which are part of the page whatever else is looked at. */
  readonly children: ComponentChildren
}

function Part({ tab, resource, most, children }: PartProps) {
  switch (tab) {
    case 'health':
      return <HealthTab resource={resource} />
    case 'balancing':
      return <BalancingTab resource={resource} />
    case 'guards':
      return <GuardsTab resource={resource} />
    case 'retries':
      return <RetriesTab resource={resource} most={most} />
    case 'connections':
      return <FieldsTab resource={resource} panels={CONNECTIONS} />
    case 'rollouts':
      return <RolloutsTab backend={resource.id} />
    case 'yaml':
      return <YamlTab resource={resource} />
    default:
      return <>{children}</>
  }
}

function FieldsTab({ resource, panels }: { resource: BackendResource; panels: readonly PanelRow[] }) {
  const draft = useDraftOf(resource)
  return (
    <ConfigTab resource={resource} draft={draft}>
      <ConfigPanels draft={draft} panels={panels} />
    </ConfigTab>
  )
}

const CONNECTIONS: readonly PanelRow[] = [
  { title: 'Kept open', under: ['keep_alive'], only: ['idle', 'connections'] },
  { title: 'What servers are told and may answer', only: ['proxy_protocol', 'answers', 'dashboard'] },
  {
    ...{ title: 'TLS with servers', under: ['tls'] },
    only: ['verify', 'ca', 'server_name', 'cert', 'key', 'pin', 'min_version', 'resume'],
  },
]

const TABS = [
  ['servers', 'Servers'],
  ['health', 'Health check'],
  ['balancing', 'Balancing and stickiness'],
  ['guards', 'Breaker and passive health'],
  ['retries', 'Retry, queue and timeouts'],
  ['connections', 'Connections'],
  ['rollouts', 'Rollouts'],
  ['yaml', 'YAML'],
] as const

interface PartsProps {
  readonly backend: string
  readonly tab: string
  /** Null: not known yet. */
  readonly count: number | null
}

function Parts({ backend, tab, count }: PartsProps) {
  const running = useRollouts(backend)?.filter(isUnderWay).length ?? 0
  const href = (name: string): string =>
    to(`/backends/${segment(backend)}${name === 'servers' ? '' : `?tab=${name}`}`)
  return (
    <Tabs
      label={backend}
      items={TABS.map(([name, label]) => ({
        label,
        href: href(name),
        isCurrent: tab === name,
        ...(name === 'servers' && count !== null && { count: number(count) }),
        ...(name === 'rollouts' && running > 0 && { mark: <Shape state="drain" label="one runs" /> }),
      }))}
    />
  )
}
