// What was served before: by whom, why, what differs, and the way back.
import { useHeld } from '../../data/held.ts'
import type { Revision } from '../../data/api-types.ts'
import { isNamed, nameOf, saysOf, sourceOf, stateOf } from '../../data/revisions.ts'
import { Button } from '../../parts/button.tsx'
import { SelectField } from '../../parts/controls.tsx'
import { Empty, Guarded, Loading } from '../../parts/empty.tsx'
import { Note } from '../../parts/messages.tsx'
import { PageHead } from '../../parts/page-head.tsx'
import { Panel } from '../../parts/panel.tsx'
import { Status, Tag } from '../../parts/status.tsx'
import { type Column, SecondLine, Table } from '../../parts/table.tsx'
import { Age, Time } from '../../parts/time.tsx'
import { useAddress } from '../../parts/use-address.ts'
import { Compared } from './compared.tsx'
import { ConfigTabs } from './config-tabs.tsx'
import css from './history.module.css'

export function ConfigHistory() {
  const held = useHeld(
    'GET /api/v1/config/revisions',
    {},
    { query: { lines: 'true', limit: 200 }, topics: ['config'] },
  ).value
  const { query, put } = useAddress()
  const revisions = held.value?.revisions ?? []
  const { of, with: other } = query
  const open = (one: Revision): void => {
    const before = revisions[revisions.indexOf(one) + 1]
    put({ of: String(one.revision), with: String(before?.revision ?? one.revision) })
  }
  return (
    <>
      <PageHead title="Config">
        The last fifty texts that were served. Any of them can come back, byte for byte, after a look at what
        that changes.
      </PageHead>
      <ConfigTabs current="history" />
      {isNamed(of) && isNamed(other) && (
        <Guarded label="The comparison">
          <Panel
            title={<Choice of={of} other={other} revisions={revisions} onPick={put} />}
            end={
              <Button
                kind="quiet"
                icon="cross"
                label="Close the comparison"
                onPress={() => put({ of: undefined, with: undefined })}
              />
            }
            isFlush
          >
            <Compared
              of={of}
              other={other}
              revision={revisions.find((one) => String(one.revision) === of) ?? null}
            />
          </Panel>
        </Guarded>
      )}
      {held.problem !== null && (
        <Note state="down" title={held.problem.title}>
          {held.problem.detail}
        </Note>
      )}
      {held.value === null ? (
        held.problem === null && (
          <Panel>
            <Loading lines={6} />
          </Panel>
        )
      ) : (
        <Panel isFlush>
          <Table
            caption="Texts that were served, the newest first"
            columns={COLUMNS}
            rows={revisions}
            keyOf={({ revision }) => String(revision)}
            openKey={of ?? null}
            onOpen={open}
            rowHeight={48}
            empty={
              <Empty title="Nothing is kept yet">
                Each text that is served is kept in the data folder from now on.
              </Empty>
            }
          />
        </Panel>
      )}
    </>
  )
}

const COLUMNS: readonly Column<Revision>[] = [
  {
    key: 'revision',
    head: 'Revision',
    width: '150px',
    cell: ({ revision, running }) => (
      <span class={css.revision}>
        <b>r{revision}</b> {running && <Tag state="up">running</Tag>}
      </span>
    ),
  },
  {
    key: 'what',
    head: 'What for',
    onCard: 'bare',
    cell: (one) => {
      const became = stateOf(one)
      return (
        <>
          <span class={css.what} title={saysOf(one)}>
            {saysOf(one) === '' ? <span class="quiet">no message</span> : saysOf(one)}
          </span>
          {became !== null && (
            <SecondLine>
              <Status state={became.state} word={became.word} />
            </SecondLine>
          )}
        </>
      )
    },
  },
  {
    key: 'who',
    head: 'Who',
    width: '17%',
    cell: (one) => (
      <div class={css.who}>
        <span class="cut">{one.author ?? '–'}</span>
        <SecondLine>{sourceOf(one)}</SecondLine>
      </div>
    ),
  },
  {
    key: 'time',
    head: 'When',
    width: '15%',
    cell: ({ time }) => (
      <span class={css.time}>
        <Time at={time} />
        <SecondLine>
          <Age at={time} /> ago
        </SecondLine>
      </span>
    ),
  },
  {
    key: 'lines',
    head: 'Lines',
    width: '110px',
    isNumber: true,
    cell: ({ lines }) =>
      lines === null || lines === undefined ? (
        <span class="quiet">–</span>
      ) : (
        <span class={css.lines}>
          <span class={css.came}>+{lines.added}</span> <span class={css.went}>−{lines.removed}</span>
        </span>
      ),
  },
]

interface ChoiceProps {
  readonly of: string
  readonly other: string
  readonly revisions: readonly Revision[]
  readonly onPick: (next: { of?: string; with?: string }) => void
}

/** Any two, and what runs and what stands in the file. */
function Choice({ of, other, revisions, onPick }: ChoiceProps) {
  const names = [...revisions.map(({ revision }) => String(revision)), 'running', 'disk']
  const options = names.map((value) => ({ value, label: nameOf(value) }))
  return (
    <span class={css.choice}>
      <SelectField label="Text" value={of} options={options} onInput={(next) => onPick({ of: next })} />
      <span>against</span>
      <SelectField
        label="Compared with"
        value={other}
        options={options}
        onInput={(next) => onPick({ with: next })}
      />
    </span>
  )
}
