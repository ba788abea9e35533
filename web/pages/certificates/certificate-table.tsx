// The list of certificates.
import { clock, day, percent } from '../../data/say.ts'
import { segment, to } from '../../data/urls.ts'
import { Button } from '../../parts/button.tsx'
import { Empty } from '../../parts/empty.tsx'
import { Lifetime } from '../../parts/graphics.tsx'
import { Status, Tag } from '../../parts/status.tsx'
import { type Column, Table } from '../../parts/table.tsx'
import { useAddress } from '../../parts/use-address.ts'
import { useMedia } from '../../parts/use-media.ts'
import { type CertificateRow, toneOf, usedByWords } from './certificate-rows.ts'
import css from './certificates.module.css'
import { Retry } from './retry.tsx'

export interface CertificateTableProps {
  readonly rows: readonly CertificateRow[]
  readonly filter: string
  readonly openName: string | null
  readonly isStale: boolean
  /** A drawer stands beside it. */
  readonly isNarrow: boolean
}

export function CertificateTable({ rows, filter, openName, isStale, isNarrow }: CertificateTableProps) {
  const { go } = useAddress()
  const isMiddling = useMedia('(640px <= width < 1180px)')
  return (
    <Table
      caption="Certificates, those that want attention first"
      columns={isNarrow ? BESIDE : isMiddling ? MIDDLING : COLUMNS}
      rows={rows}
      keyOf={({ name }) => name}
      filter={filter}
      rowHeight={48}
      openKey={openName}
      onOpen={({ name }) => go(to(`/certificates/${segment(name)}`))}
      isStale={() => isStale}
      empty={filter === '' ? undefined : <Empty title={`No certificate has “${filter}”`} />}
    />
  )
}

const DRAFTS = { new: 'new', changed: 'changed', removed: 'removed' } as const

const COLUMNS: readonly Column<CertificateRow>[] = [
  {
    key: 'names',
    head: 'Names',
    sort: ({ title }) => title,
    text: ({ name, title, more }) => `${name} ${title} ${more}`,
    cell: ({ name, title, more, draft }) => (
      <span class={css.names}>
        <span class={css.title}>
          <a class="name cut" href={to(`/certificates/${segment(name)}`)} title={`${title}: ${name}`}>
            {title}
          </a>
          {draft !== null && <Tag state="draft">{DRAFTS[draft]}</Tag>}
        </span>
        {more !== '' && (
          <span class={css.reason} title={more}>
            {more}
          </span>
        )}
      </span>
    ),
  },
  {
    key: 'state',
    head: 'State',
    onCard: 'bare',
    text: ({ word, reason, state }) => `${word} ${reason} is:${state}`,
    cell: ({ state, word, reason }) => (
      <span class={css.state}>
        <Status state={state} word={word} />
        {reason !== '' && (
          <span class={css.reason} title={reason}>
            {reason}
          </span>
        )}
      </span>
    ),
  },
  {
    key: 'life',
    head: 'Lifetime used',
    width: '200px',
    onCard: 'bare',
    isNumber: false,
    sort: ({ used }) => used,
    title: 'The mark on a bar is where renewal begins.',
    cell: (row) => <Life {...row} />,
  },
  {
    key: 'ends',
    head: 'Ends',
    sort: ({ endsAt }) => endsAt,
    cell: ({ endsAt }) =>
      endsAt === null ? (
        '–'
      ) : (
        <time class={css.ends} dateTime={new Date(endsAt).toISOString()} title={clock(endsAt)}>
          {day(endsAt, new Date(0))}
        </time>
      ),
  },
  {
    key: 'source',
    head: 'Source',
    sort: ({ source }) => source,
    text: ({ source }) => source,
    cell: ({ source }) => <span class="supporting cut">{source}</span>,
  },
  {
    key: 'used',
    head: 'Used by',
    text: ({ usedBy }) => usedBy.join(' '),
    cell: (row) => <span class="supporting cut">{usedByWords(row)}</span>,
  },
  {
    key: 'action',
    head: '',
    onCard: 'action',
    cell: ({ name, action, title }) => (
      <span class={css.action}>
        {action === 'renew' && <Retry name={name} label={`Try now: ${title}`} />}
        {action === 'replace' && (
          <Button
            size="sm"
            needs="editor"
            isWhyHidden
            href={to(`/certificates/${segment(name)}?replace=1`)}
            label={`Replace ${title}`}
          >
            Replace
          </Button>
        )}
      </span>
    ),
  },
]

const only = (...keys: readonly string[]): readonly Column<CertificateRow>[] =>
  COLUMNS.filter(({ key }) => keys.includes(key))

/** What is left of it beside a drawer, and where there is no room for all. */
const BESIDE = only('names', 'state', 'life')
const MIDDLING = only('names', 'state', 'life', 'action')

function Life({ used, renewAt, state, left }: CertificateRow) {
  if (used === null) return <>–</>
  return (
    <span class={css.life}>
      <Lifetime used={used} renewAt={renewAt} state={toneOf(state, used, renewAt)} />
      <span class={css.ofLife}>
        <span>{percent(Math.round(used * 100) / 100)} %</span>
        <span>{left}</span>
      </span>
    </span>
  )
}
