// The figures of a turn listener, and their course while somebody looks.
import { bitRate, number } from '../../data/say.ts'
import { Figure, Figures } from '../../parts/figures.tsx'
import { Spark } from '../../parts/graphics.tsx'
import { type Course, lately, type Moment, sum } from './turn-courses.ts'
import { codesOf } from './turn-words.ts'

export function TurnFigures({ course }: { readonly course: Course }) {
  const { last, moments } = course
  const open = sum(last.allocations.open)
  const total = last.quotas['total'] ?? null
  const both = (moment: Moment): number | null =>
    moment.toPeers === null ? null : moment.toPeers + (moment.toClients ?? 0)
  const [relayed, unit] = bitRate(lately(moments, both))
  const refused = lately(moments, (moment) => moment.refused)
  const codes = codesOf(last)
  const courseOf = (of: (moment: Moment) => number | null, label: string, most?: number) => (
    <Spark values={padded(moments.map(of))} label={`${label}, while this page is open`} most={most} />
  )
  return (
    <Figures label="TURN">
      <Figure
        label="Allocations"
        context={total === null ? undefined : `of ${number(total)}`}
        value={number(open)}
        spark={courseOf((moment) => moment.open, 'Allocations')}
      />
      <Figure
        label="Relayed"
        context="both ways"
        value={relayed}
        unit={unit}
        spark={courseOf(both, 'Relayed')}
      />
      <Figure
        label="Datagrams"
        context="both ways"
        value={number(lately(moments, (moment) => moment.packets))}
        unit="/s"
        spark={courseOf((moment) => moment.packets, 'Datagrams')}
      />
      <Figure
        label="Refused"
        context={codes === '' ? 'without challenges' : codes}
        value={number(refused)}
        unit="/min"
        spark={courseOf((moment) => moment.refused, 'Refused', 10)}
      />
      {last.relay !== null && (
        <Figure
          label="Relay ports"
          context={`of ${number(last.relay.port_count)}`}
          value={number(open)}
          spark={courseOf((moment) => moment.open, 'Relay ports')}
        />
      )}
    </Figures>
  )
}

const LEAST = 30

/** A course of a few values stands at the right, as one that began now. */
const padded = (values: readonly (number | null)[]): readonly (number | null)[] =>
  values.length >= LEAST ? values : [...Array.from({ length: LEAST - values.length }, () => null), ...values]
