// How near workers are to more than they can do (overload of the config), what they refuse for that, and what
// they have refused so far. Nothing where the config does not say what is too much.
import type { Overload } from '../../data/api-types.ts'
import { useHeld } from '../../data/held.ts'
import { percent } from '../../data/say.ts'
import { to } from '../../data/urls.ts'
import { classes } from '../../parts/classes.ts'
import { Panel } from '../../parts/panel.tsx'
import { Status, Tag } from '../../parts/status.tsx'
import { type Column, Table } from '../../parts/table.tsx'
import css from './overload.module.css'
import { CAUSES, type Cause, levelWords, NAMES, shareWords, shedWords } from './overload-words.ts'

type Row = Overload['workers'][number]

export function OverloadPanel() {
  const often = { topics: ['config', 'limits', 'worker'], everyMs: 2000 }
  const told = useHeld('GET /api/v1/overload', {}, often).value.value
  if (told === null || told.mode === 'off') return null
  const isShadow = told.mode === 'shadow'
  return (
    <div class={css.below}>
      <Panel
        isFlush
        title="Overload"
        end={
          <span class="small quiet">
            {isShadow && <Tag title="It decides, counts and tells; everybody passes">shadow</Tag>} at most{' '}
            {percent(told.most)} % of new requests are refused
          </span>
        }
      >
        <Table
          caption="Workers"
          columns={columnsOf(told, isShadow)}
          rows={told.workers}
          keyOf={({ process }) => process}
        />
        <p class={css.foot}>
          {shedText(told, isShadow)} What is too much is said by <code>overload</code> in the{' '}
          <a href={to('/config')}>config</a>.
        </p>
      </Panel>
    </div>
  )
}

function columnsOf({ limits }: Overload, isShadow: boolean): readonly Column<Row>[] {
  const looked = CAUSES.flatMap((cause) => {
    const limit = limits[cause]
    return limit === undefined ? [] : [{ cause, limit }]
  })
  return [
    {
      key: 'worker',
      head: 'Worker',
      onCard: 'lead',
      cell: ({ process }) => process.replace(/^worker-/, 'Worker '),
    },
    {
      ...{ key: 'share', head: 'New requests', onCard: 'text' },
      cell: ({ share }) => (
        <Status
          state={share === 0 ? 'up' : 'warn'}
          word={shareWords(share, isShadow)}
          isQuiet={share === 0}
        />
      ),
    },
    ...looked.map(({ cause, limit }): Column<Row> => ({
      ...{ key: cause, head: NAMES[cause], onCard: 'text' },
      title: 'The most of the last second, and what is too much',
      cell: ({ levels }) => <Level cause={cause} limit={limit} level={levels[cause] ?? 0} />,
    })),
  ]
}

interface LevelProps {
  readonly cause: Cause
  readonly level: number
  readonly limit: number
}

function Level({ cause, level, limit }: LevelProps) {
  return (
    <span class={css.level}>
      {levelWords(cause, level, limit)}
      <span class={css.bar} aria-hidden="true">
        <i class={classes(level >= 1 && css.over)} style={{ width: `${Math.min(1, level) * 100}%` }} />
      </span>
    </span>
  )
}

function shedText({ shed }: Overload, isShadow: boolean): string {
  const refused = shedWords(shed, 'refused')
  const shadow = shedWords(shed, 'shadow')
  return [
    `Refused since the start of the gateway: ${refused === '' ? 'none' : refused}.`,
    ...(shadow !== '' || isShadow
      ? [`Would have been, in shadow mode: ${shadow === '' ? 'none' : shadow}.`]
      : []),
    'Rules of a lower priority are refused first.',
  ].join(' ')
}
