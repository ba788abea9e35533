// What takes effect: the file with every default filled in, and secrets hidden.
import { useMemo } from 'preact/hooks'
import { flattened, isShortConfig, type SettingRow, settingsWith } from '../../data/flattened.ts'
import { useHeld } from '../../data/held.ts'
import { count, number } from '../../data/say.ts'
import { Button } from '../../parts/button.tsx'
import { FilterBox, Segmented } from '../../parts/choices.tsx'
import { Empty, Loading } from '../../parts/empty.tsx'
import { Note } from '../../parts/messages.tsx'
import { PageHead } from '../../parts/page-head.tsx'
import { Panel } from '../../parts/panel.tsx'
import { type Column, Table } from '../../parts/table.tsx'
import { useAddress } from '../../parts/use-address.ts'
import { ConfigTabs } from './config-tabs.tsx'
import css from './effective.module.css'
import { download } from './file-actions.tsx'

type Shown = 'all' | 'written' | 'defaults'

export function EffectiveConfig() {
  const topics = ['config']
  const effective = useHeld('GET /api/v1/config', {}, { query: { view: 'effective' }, topics }).value
  const written = useHeld('GET /api/v1/config', {}, { query: { view: 'running' }, topics }).value
  const { query, put } = useAddress()
  const filter = query['filter'] ?? ''
  const isShort = isShortConfig(written.value)
  const shown: Shown =
    query['show'] === 'written' ? 'written' : query['show'] === 'defaults' ? 'defaults' : 'all'
  const rows = useMemo(
    () =>
      effective.value === null ? [] : flattened(effective.value, isShort ? effective.value : written.value),
    [effective.value, written.value],
  )
  const found = useMemo(
    () =>
      settingsWith(rows, filter).filter(
        ({ isWritten }) => shown === 'all' || isWritten === (shown === 'written'),
      ),
    [rows, filter, shown],
  )
  return (
    <>
      <PageHead
        title="Config"
        actions={
          <Button
            kind="quiet"
            icon="download"
            disabledWhy={effective.value === null ? 'it has not come yet' : null}
            onPress={() => download('sluice-effective.json', JSON.stringify(effective.value, null, 2))}
          >
            Download
          </Button>
        }
      >
        What takes effect: what the file says, and every default that it leaves to Sluice. Secrets are hidden.
      </PageHead>
      <ConfigTabs current="effective" />
      {effective.problem !== null && (
        <Note state="down" title={effective.problem.title}>
          {effective.problem.detail}
        </Note>
      )}
      <Panel
        title={
          isShort ? (
            'Settings'
          ) : (
            <Segmented<Shown>
              label="Which settings"
              value={shown}
              onPick={(next) => put({ show: next === 'all' ? undefined : next })}
              options={[
                { value: 'all', label: 'All' },
                { value: 'written', label: 'Written' },
                { value: 'defaults', label: 'Defaults' },
              ]}
            />
          )
        }
        count={
          found.length === rows.length
            ? count(rows.length, 'setting')
            : `${number(found.length)} of ${number(rows.length)}`
        }
        end={
          <FilterBox
            value={filter}
            hint="path or value"
            onInput={(next) => put({ filter: next }, 'replace')}
          />
        }
        isFlush
      >
        {effective.value === null ? (
          effective.problem === null && <Loading lines={12} />
        ) : (
          <Table
            caption="Settings that take effect"
            columns={isShort ? COLUMNS.slice(0, 2) : COLUMNS}
            rows={found}
            keyOf={({ path }) => path}
            empty={<Empty title={filter === '' ? 'Nothing of that kind' : `No setting has “${filter}”`} />}
          />
        )}
      </Panel>
    </>
  )
}

const COLUMNS: readonly Column<SettingRow>[] = [
  {
    key: 'path',
    head: 'Setting',
    cell: ({ path }) => (
      <span class={css.path} title={path}>
        {path}
      </span>
    ),
  },
  {
    key: 'value',
    head: 'Value',
    width: '40%',
    cell: ({ value, isWritten }) => (
      <span class={isWritten ? css.value : css.byDefault} title={value}>
        {value}
      </span>
    ),
  },
  {
    key: 'from',
    head: 'From',
    width: '90px',
    cell: ({ isWritten }) => (isWritten ? 'file' : <span class="quiet">default</span>),
  },
]
