// The breakers of a backend's servers: how near each is to opening, why it is open and when it tries again.
import { segment, to } from '../../data/urls.ts'
import { number, percent } from '../../data/say.ts'
import type { Circuit } from '../../data/api-types.ts'
import { Panel } from '../../parts/panel.tsx'
import { Status, Tag } from '../../parts/status.tsx'
import { type Column, Table } from '../../parts/table.tsx'
import { Age } from '../../parts/time.tsx'
import { BreakerOrder } from './breaker-order.tsx'
import {
  type BreakerFields,
  circuitWords,
  failedOf,
  mostWords,
  opensWords,
  shownCircuit,
} from './guard-words.ts'
import css from './guards.module.css'
import type { Scene } from './order-words.ts'

export interface BreakerPanelProps {
  readonly scene: Scene
  /** With every default. */
  readonly fields: BreakerFields
}

interface Row {
  readonly id: string
  readonly circuit: Circuit
}

export function BreakerPanel({ scene, fields }: BreakerPanelProps) {
  const { backend, rows } = scene
  const known = rows.flatMap(({ id, live }): Row[] =>
    live?.circuit === undefined ? [] : [{ id, circuit: live.circuit }],
  )
  return (
    <Panel
      isFlush
      title="Breaker"
      end={
        <span class={css.rule}>
          {fields.mode === 'shadow' && (
            <Tag title="It decides, counts and tells; everybody passes">shadow</Tag>
          )}
          {opensWords(fields)}
        </span>
      }
    >
      <Table
        columns={columnsOf(scene, fields)}
        rows={known}
        keyOf={({ id }) => id}
        caption={`Breakers of ${backend}`}
        isTop
      />
      <p class={css.foot}>{mostWords(fields.max_out)}</p>
    </Panel>
  )
}

function columnsOf(scene: Scene, { failure_ratio: ratio = 0.5 }: BreakerFields): readonly Column<Row>[] {
  const share = ({ circuit }: Row): number => {
    const { failed, requests } = failedOf(circuit)
    return requests === 0 ? 0 : failed / requests
  }
  return [
    {
      ...{ key: 'server', head: 'Server', onCard: 'lead', sort: ({ id }) => id },
      cell: ({ id }) => (
        <a class="name cut" href={to(`/backends/${segment(scene.backend)}/servers/${segment(id)}`)}>
          {id}
        </a>
      ),
    },
    {
      ...{ key: 'state', head: 'State', onCard: 'text' },
      sort: ({ circuit }) => RANK.indexOf(circuit.state),
      cell: ({ circuit }) => {
        const { look, word } = shownCircuit(circuit)
        return <Status state={look} word={word} isQuiet={circuit.state === 'closed'} />
      },
    },
    {
      ...{ key: 'failed', head: 'Failed', sort: share, width: '150px', onCard: 'text' },
      cell: (row) => <Failed share={share(row)} mark={ratio} />,
    },
    {
      ...{ key: 'requests', head: 'Requests', isNumber: true },
      title: 'Attempts of the window; while it is open, those of the moment when it opened',
      sort: ({ circuit }) => failedOf(circuit).requests,
      cell: ({ circuit }) => number(failedOf(circuit).requests),
    },
    {
      ...{ key: 'why', head: 'Why, and what comes next', onCard: 'bare' },
      cell: ({ circuit }) => <Why circuit={circuit} />,
    },
    {
      ...{ key: 'act', head: '', onCard: 'action', isNumber: true },
      cell: ({ id, circuit }) => <BreakerOrder scene={scene} server={id} circuit={circuit} />,
    },
  ]
}

const RANK = ['open', 'half_open', 'closed']

/** A bar with a tick where it opens. */
function Failed({ share, mark }: { readonly share: number; readonly mark: number }) {
  const tone = share > mark ? css.over : share > 0 ? css.some : undefined
  return (
    <div class={css.failed}>
      <span class={css.bar} aria-hidden="true">
        <i class={tone} style={{ width: `${Math.min(1, share) * 100}%` }} />
        <u style={{ left: `${Math.min(1, mark) * 100}%` }} />
      </span>
      <span class={css.share}>{percent(share)} %</span>
    </div>
  )
}

/** The reason, and when it will be tried again. */
export function Why({ circuit }: { readonly circuit: Circuit }) {
  return (
    <span class={css.why}>
      {circuitWords(circuit)}
      {circuit.half_open_at !== null && (
        <>
          {' '}
          · tries again in <Age at={circuit.half_open_at} />
        </>
      )}
    </span>
  )
}
