// Certificates: how much of each life is over, who renews it, and what stands against it.
import { gatewayNow } from '../../data/clock.ts'
import { useMemo } from 'preact/hooks'
import type { CertificateList } from '../../data/certificates.ts'
import { changes } from '../../data/draft.ts'
import { useHeld } from '../../data/held.ts'
import { soFar } from '../../data/say.ts'
import { isAllOf } from '../../data/whole-list.ts'
import { to } from '../../data/urls.ts'
import { Button } from '../../parts/button.tsx'
import { FilterBox } from '../../parts/choices.tsx'
import { Empty, Guarded, Loading } from '../../parts/empty.tsx'
import { Note } from '../../parts/messages.tsx'
import { Beside, Drawer } from '../../parts/overlays.tsx'
import { PageHead } from '../../parts/page-head.tsx'
import { Panel } from '../../parts/panel.tsx'
import { type Address, useAddress } from '../../parts/use-address.ts'
import { CertificateDrawer } from './certificate-drawer.tsx'
import { type CertificateRow, rowsOf, sentenceOf } from './certificate-rows.ts'
import { CertificateTable } from './certificate-table.tsx'
import css from './certificates.module.css'
import { Issue } from './issue.tsx'
import { MakeOwn } from './make-own.tsx'
import { Upload } from './upload.tsx'

/** From this many on there is something to filter. */
const MANY = 6

export function Certificates({ certificate }: { readonly certificate?: string }) {
  const held = useHeld(
    'GET /api/v1/certificates',
    {},
    { isWhole: true, topics: ['certificate', 'config'], everyMs: 30_000 },
  ).value
  const address = useAddress()
  const told = held.value as unknown as CertificateList | null
  const rows = useMemo(
    () => (told === null ? [] : rowsOf(told, changes.value, gatewayNow())),
    [told, changes.value],
  )
  const filter = address.query['filter'] ?? ''
  const hasFilter = rows.length >= MANY || filter !== ''
  const name = certificate ?? null
  const drawer = told === null ? null : drawerOf({ told, rows, name, address })
  return (
    <>
      <PageHead title="Certificates" actions={<Actions address={address} isBeside={drawer !== null} />}>
        {told !== null && isAllOf(told) && sentenceOf(rows, told, gatewayNow())}
      </PageHead>
      {held.problem !== null && (
        <Note state="down" title={held.problem.title}>
          {held.problem.detail} {held.problem.hint}
        </Note>
      )}
      <Beside drawer={drawer && <Guarded label="This part">{drawer}</Guarded>}>
        {told === null ? (
          held.problem === null && <Loading lines={6} />
        ) : rows.length === 0 ? (
          <Panel>
            <None address={address} />
          </Panel>
        ) : (
          <Panel
            isFlush
            {...(hasFilter && {
              title: 'Certificates',
              count: soFar(rows.length, told.total),
              end: (
                <FilterBox
                  value={filter}
                  hint="name, source or is:warn"
                  onInput={(next) => address.put({ filter: next }, 'replace')}
                />
              ),
            })}
          >
            <CertificateTable
              rows={rows}
              filter={filter}
              openName={name}
              isNarrow={drawer !== null}
              isStale={held.problem !== null}
            />
            <p class={css.foot}>
              The mark on a bar is where renewal begins: two thirds of the lifetime, or when the CA says so.
            </p>
          </Panel>
        )}
      </Beside>
    </>
  )
}

interface ActionsProps {
  readonly address: Address
  /** A drawer is open: the main action is its own. */
  readonly isBeside: boolean
}

function Actions({ address: { go }, isBeside }: ActionsProps) {
  const open = (what: string) => (): void => go(to(`/certificates?add=${what}`))
  return (
    <>
      <Button needs="editor" isWhyHidden onPress={open('upload')}>
        Upload
      </Button>
      <Button needs="editor" isWhyHidden onPress={open('self-signed')}>
        Make self-signed
      </Button>
      <Button kind={isBeside ? 'plain' : 'ink'} icon="plus" needs="editor" onPress={open('acme')}>
        Issue by ACME
      </Button>
    </>
  )
}

function None({ address: { go } }: { readonly address: Address }) {
  return (
    <Empty
      title="There is no certificate yet"
      action={
        <Button icon="plus" needs="editor" onPress={() => go(to('/certificates?add=acme'))}>
          Issue one by ACME
        </Button>
      }
    >
      TLS needs one: from a CA by itself (ACME), from files that you have, or of the gateway’s own making for
      trials. An https listener names it.
    </Empty>
  )
}

interface Opened {
  readonly told: CertificateList
  readonly rows: readonly CertificateRow[]
  readonly name: string | null
  readonly address: Address
}

/** What the address says is open; null: nothing. */
function drawerOf({ told, rows, name, address: { query, go } }: Opened) {
  const close = (): void => go(to('/certificates'))
  if (name === null) {
    if (query['add'] === 'upload') return <Upload replaced={null} onClose={close} />
    if (query['add'] === 'self-signed') return <MakeOwn onClose={close} />
    return query['add'] === 'acme' ? <Issue onClose={close} /> : null
  }
  const row = rows.find((one) => one.name === name)
  if (row === undefined)
    return (
      <Drawer title={name} onClose={close}>
        {isAllOf(told) ? (
          <p>There is no certificate of this name. It may have been removed, or renamed in the file.</p>
        ) : (
          <Loading lines={6} />
        )}
      </Drawer>
    )
  const resource = told.items.find(({ id }) => id === name) ?? null
  if (query['replace'] !== undefined && resource !== null)
    return <Upload key={name} replaced={resource} onClose={close} />
  const live = resource?.live ?? told.others.find((one) => one.certificate === name) ?? null
  const renewal = live?.renewal ?? told.acme.find((one) => one.certificate === name) ?? null
  return <CertificateDrawer key={name} {...{ row, resource, live, renewal }} onClose={close} />
}
