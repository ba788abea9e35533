// The listeners: the addresses that clients connect to. One that is opened stands beside the list.
import { count, number, soFar } from '../../data/say.ts'
import { queryOf, segment, to } from '../../data/urls.ts'
import { isAllOf } from '../../data/whole-list.ts'
import { Button } from '../../parts/button.tsx'
import { FilterBox } from '../../parts/choices.tsx'
import { Empty, Guarded, Loading } from '../../parts/empty.tsx'
import { Note } from '../../parts/messages.tsx'
import { Beside, Drawer } from '../../parts/overlays.tsx'
import { PageHead } from '../../parts/page-head.tsx'
import { Panel } from '../../parts/panel.tsx'
import { Table } from '../../parts/table.tsx'
import { useAddress } from '../../parts/use-address.ts'
import { usePageKeys } from '../../parts/use-page-keys.ts'
import { Code } from '../../parts/words.tsx'
import { columnsOf } from './listener-columns.tsx'
import { ListenerDrawer } from './listener-drawer.tsx'
import { type ListenerResource, type ListenerRow } from './listener-rows.ts'
import css from './listeners.module.css'
import { NewListener } from './new-listener.tsx'
import { OverloadPanel } from './overload-panel.tsx'
import { type Listeners as All, useListeners } from './use-listeners.ts'

export function Listeners({ listener }: { readonly listener?: string }) {
  const { query, go } = useAddress()
  const opened = listener ?? null
  const all = useListeners()
  const { list, rows, resources } = all
  const filter = query['filter']
  const pageOf = (name: string): string => to(`/listeners/${segment(name)}${queryOf({ filter })}`)
  const close = (): void => go(to(`/listeners${queryOf({ filter })}`))
  const add = (): void => go(to('/listeners?new=1'))
  usePageKeys({ n: add })
  const drawer =
    query['new'] !== undefined ? (
      <NewListener
        names={rows.map(({ name }) => name)}
        onClose={close}
        onAdded={(name) => go(pageOf(name))}
      />
    ) : opened === null || list.value === null ? null : (
      <Opened {...{ name: opened, rows, resources }} isWhole={isAllOf(list.value)} onClose={close} />
    )
  return (
    <>
      <PageHead
        title="Listeners"
        actions={
          <Button icon="plus" kind={drawer === null ? 'ink' : 'plain'} needs="editor" onPress={add}>
            Listener
          </Button>
        }
      >
        {isAllOf(list.value) && sentenceOf(rows)}
      </PageHead>
      {list.problem !== null && (
        <Note state="down" title={list.problem.title}>
          {list.problem.detail} {list.problem.hint}
        </Note>
      )}
      <Beside drawer={drawer}>
        {list.value === null ? (
          list.problem === null && <Loading lines={6} />
        ) : (
          <>
            <ListPanel all={all} opened={opened} isNarrow={drawer !== null} pageOf={pageOf} />
            <OverloadPanel />
          </>
        )}
      </Beside>
    </>
  )
}

interface ListProps {
  readonly all: All
  readonly opened: string | null
  readonly isNarrow: boolean
  readonly pageOf: (name: string) => string
}

function ListPanel({ all: { list, rows, admin }, opened, isNarrow, pageOf }: ListProps) {
  const { query, put, go } = useAddress()
  const filter = query['filter'] ?? ''
  return (
    <Panel
      isFlush
      title="All listeners"
      count={soFar(rows.length, list.value?.total ?? 0)}
      end={
        <FilterBox
          value={filter}
          hint="name, protocol or address"
          onInput={(next) => put({ filter: next }, 'replace')}
        />
      }
    >
      <Table
        caption="Listeners"
        columns={columnsOf(isNarrow, pageOf)}
        rows={rows}
        keyOf={({ name }) => name}
        rowHeight={48}
        filter={filter}
        openKey={opened}
        onOpen={({ name }) => go(pageOf(name))}
        isStale={() => list.problem !== null}
        empty={filter === '' ? <NoListeners /> : undefined}
      />
      {admin !== null && (
        <p class={css.admin}>
          This page is served by the admin listener at <code>{admin}</code>, which stands apart:{' '}
          <a href={to('/settings')}>Settings</a>.
        </p>
      )}
    </Panel>
  )
}

interface OpenedProps {
  readonly name: string
  readonly rows: readonly ListenerRow[]
  readonly resources: readonly ListenerResource[]
  readonly isWhole: boolean
  readonly onClose: () => void
}

function Opened({ name, rows, resources, isWhole, onClose }: OpenedProps) {
  const row = rows.find((one) => one.name === name)
  if (row === undefined)
    return (
      <Drawer title={name} onClose={onClose}>
        {isWhole ? (
          <Empty title={`There is no listener ${name}`}>It was removed, or has another name by now.</Empty>
        ) : (
          <Loading lines={6} />
        )}
      </Drawer>
    )
  return (
    <Guarded label={`Listener ${name}`}>
      <ListenerDrawer
        key={name}
        row={row}
        resource={resources.find(({ id }) => id === name) ?? null}
        isLast={resources.length === 1}
        onClose={onClose}
      />
    </Guarded>
  )
}

/** “All 5 are open.” */
function sentenceOf(rows: readonly ListenerRow[]): string {
  const running = rows.filter(({ draft }) => draft !== 'new')
  const closed = running.filter(({ problem }) => problem !== null).length
  if (running.length === 0) return 'Nobody can connect: there is no listener.'
  if (closed === 0) return running.length === 1 ? 'It is open.' : `All ${number(running.length)} are open.`
  return `${number(closed)} of ${count(running.length, 'listener')} ${closed === 1 ? 'is' : 'are'} not open.`
}

function NoListeners() {
  return (
    <Empty
      title="No listener yet"
      action={
        <Button icon="plus" needs="editor" href={to('/listeners?new=1')}>
          Add a listener
        </Button>
      }
    >
      A listener is an address that clients connect to. Or write it into the file:
      <Code text={'listeners:\n  web: { bind: "0.0.0.0:8080" }'} isCopied />
    </Empty>
  )
}
