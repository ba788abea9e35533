// Where the time of a request went: tries are outlined, what they did is solid below them, pauses hatched.
import { useState } from 'preact/hooks'
import type { ServedRequest } from '../../data/api-types.ts'
import { number, took } from '../../data/say.ts'
import { Shape } from '../../parts/status.tsx'
import css from './waterfall.module.css'
import { sharesOf, type Span, spansOf, ticksOf } from './waterfall-spans.ts'

/** Less than this has no parts that one could tell apart. */
const SEEN_MS = 0.05

export function Waterfall({ request }: { readonly request: ServedRequest }) {
  const [isTable, setTable] = useState(false)
  const spans = spansOf(request)
  const { gateway, servers, waiting } = sharesOf(request)
  if (request.total_ms < SEEN_MS)
    return <p class="supporting">It took less than 0.1 ms: the gateway answered it at once.</p>
  return (
    <section class={css.waterfall} aria-label="Where its time went">
      <header>
        <h3>Where {took(request.total_ms)} went</h3>
        <p>
          gateway {number(gateway)} · servers {number(servers)}
          {waiting > 0 && ` · waiting ${number(waiting)}`}
        </p>
      </header>
      {isTable ? <SpanTable spans={spans} /> : <SpanBars spans={spans} totalMs={request.total_ms} />}
      <button type="button" class={`link ${css.switch}`} onClick={() => setTable(!isTable)}>
        {isTable ? 'View as bars' : 'View as table'}
      </button>
    </section>
  )
}

const share = (ms: number, totalMs: number): string =>
  `${Math.max(0, Math.min(100, totalMs <= 0 ? 0 : (ms / totalMs) * 100))}%`

function SpanBars({ spans, totalMs }: { readonly spans: readonly Span[]; readonly totalMs: number }) {
  const ticks = ticksOf(totalMs)
  return (
    // The table says the same to who does not see it.
    <div class={css.bars} role="img" aria-label={wordsOf(spans)}>
      <div class={css.axis}>
        <span />
        <div>
          {ticks.map((tick, place) => (
            <i key={tick} style={{ left: share(tick, totalMs) }}>
              {number(tick)}
              {place === ticks.length - 1 && ' ms'}
            </i>
          ))}
        </div>
        <b>ms</b>
      </div>
      {spans.map((span, place) => (
        <div key={place} class={span.isPart ? `${css.row} ${css.part}` : css.row}>
          <span class={css.name} title={span.name}>
            {span.kind === 'lost' && <Shape state="down" size={9} />}
            {span.kind === 'answered' && <Shape state="up" size={9} />}
            <span>{span.name}</span>
          </span>
          <div class={css.track}>
            {ticks.map((tick) => (
              <u key={tick} style={{ left: share(tick, totalMs) }} />
            ))}
            <i
              class={css[span.kind]}
              style={{ left: share(span.fromMs, totalMs), width: share(span.ms, totalMs) }}
            />
            <Label span={span} totalMs={totalMs} />
          </div>
          <b>{number(span.ms)}</b>
        </div>
      ))}
    </div>
  )
}

/** Stands behind its bar, or before it where that reaches too far. */
function Label({ span, totalMs }: { readonly span: Span; readonly totalMs: number }) {
  if (span.note === '') return null
  const end = span.fromMs + span.ms
  const isBehind = end <= totalMs * 0.55
  if (!isBehind && span.fromMs < totalMs * 0.45) return <em class={css.within}>{span.note}</em>
  return isBehind ? (
    <em style={{ left: share(end, totalMs) }}>{span.note}</em>
  ) : (
    <em style={{ right: share(totalMs - span.fromMs, totalMs) }}>{span.note}</em>
  )
}

const wordsOf = (spans: readonly Span[]): string =>
  spans.map(({ name, ms, note }) => `${name} ${took(ms)}${note === '' ? '' : `, ${note}`}`).join('; ')

function SpanTable({ spans }: { readonly spans: readonly Span[] }) {
  return (
    <table class={css.table}>
      <thead>
        <tr>
          <th scope="col">What</th>
          <th scope="col">From, ms</th>
          <th scope="col">Took, ms</th>
        </tr>
      </thead>
      <tbody>
        {spans.map((span, place) => (
          <tr key={place}>
            <th scope="row" class={span.isPart ? css.indented : undefined}>
              {span.name}
              {span.note !== '' && <small> {span.note}</small>}
            </th>
            <td>{number(span.fromMs)}</td>
            <td>{number(span.ms)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}
