// What uPlot draws: its options from the tokens, which are read again when the theme changes.
import type { ComponentChildren } from 'preact'
import type uPlot from 'uplot'

type Library = typeof uPlot

export interface Series {
  readonly label: string
  /** One for each of `times`; null where nothing is known. */
  readonly values: readonly (number | null)[]
}

/** Something that happened, as a dotted line with its name. */
export interface Mark {
  /** s since 1970. */
  readonly at: number
  readonly label: string
}

export interface ChartProps {
  /** s since 1970, oldest first. */
  readonly times: readonly number[]
  /** At most four: told apart by colour, dash and name. */
  readonly series: readonly Series[]
  readonly unit: string
  /** What it shows: “Latency p95”. */
  readonly label: string
  readonly marks?: readonly Mark[] | undefined
  /** At the right of its head, behind the choice of chart and table. */
  readonly end?: ComponentChildren
  /** In px. */
  readonly height?: number | undefined
}

/** A chart on the page. */
export interface Drawn {
  show(of: ChartProps): void
  /** Points at the values of this place. */
  point(at: number): void
  end(): void
}

/** Dashes of the lines, in px; colours alone would not tell them apart. */
const DASHES: readonly number[][] = [[], [6, 3], [1, 3], [8, 3, 2, 3]]

/** Loads uPlot and draws into `place` once data is shown; null when there is no place any more. */
export async function drawChart(
  placeOf: () => HTMLElement | null,
  height: number,
  onPoint: (at: number | null) => void,
): Promise<Drawn | null> {
  const [{ default: Plot }] = await Promise.all([import('uplot'), import('uplot/dist/uPlot.min.css')])
  const place = placeOf()
  return place === null ? null : new Chart(Plot, place, height, onPoint)
}

class Chart implements Drawn {
  readonly #library: Library
  readonly #place: HTMLElement
  readonly #height: number
  readonly #onPoint: (at: number | null) => void
  readonly #themes: (() => void)[] = []
  #plot: uPlot | null = null
  #shown: ChartProps | null = null

  constructor(library: Library, place: HTMLElement, height: number, onPoint: (at: number | null) => void) {
    this.#library = library
    this.#place = place
    this.#height = height
    this.#onPoint = onPoint
    const sizes = new ResizeObserver(() => this.#plot?.setSize({ width: place.clientWidth, height }))
    sizes.observe(place)
    // Colours are taken when it is drawn: another theme is another drawing.
    const again = (): void => this.#redraw()
    const pinned = new MutationObserver(again)
    pinned.observe(document.documentElement, { attributeFilter: ['data-theme'] })
    const system = matchMedia('(prefers-color-scheme: dark)')
    system.addEventListener('change', again)
    this.#themes.push(
      () => sizes.disconnect(),
      () => pinned.disconnect(),
      () => system.removeEventListener('change', again),
    )
  }

  show(of: ChartProps): void {
    const before = this.#shown
    this.#shown = of
    if (this.#plot === null) this.#redraw()
    else if (before?.times !== of.times || before.series !== of.series || before.marks !== of.marks)
      this.#plot.setData(dataOf(of))
  }

  point(at: number): void {
    const time = this.#shown?.times[at]
    if (this.#plot === null || time === undefined) return
    this.#plot.setCursor({ left: this.#plot.valToPos(time, 'x'), top: 0 }, false)
  }

  end(): void {
    for (const stop of this.#themes) stop()
    this.#plot?.destroy()
  }

  #redraw(): void {
    if (this.#shown === null) return
    this.#plot?.destroy()
    const options = this.#optionsOf(this.#shown)
    this.#plot = new this.#library(options, dataOf(this.#shown), this.#place)
  }

  #optionsOf(of: ChartProps): uPlot.Options {
    const colour = colours(this.#place)
    const font = `11px ${getComputedStyle(this.#place).fontFamily}`
    const axis = { stroke: colour('--text-3'), font, ticks: { show: false } }
    const grid = { stroke: colour('--c-grid'), width: 1 }
    return {
      width: this.#place.clientWidth,
      height: this.#height,
      padding: [16, hasNames(this.#place) ? NAMES_WIDTH : 12, 0, 0],
      legend: { show: false },
      cursor: { y: false, points: { size: 6 }, drag: { x: false, y: false } },
      // From zero: a small change must not look like a large one.
      scales: { y: { range: (_plot, _least, most) => [0, most > 0 ? most * 1.1 : 1] } },
      axes: [
        {
          ...axis,
          grid: { show: false },
          space: 72,
          size: 24,
          values: (_plot, times) => times.map(shortTime),
        },
        { ...axis, grid, space: 40, size: 48 },
      ],
      series: [
        {},
        ...of.series.map((series, at) => ({
          label: series.label,
          stroke: colour(`--c${(at % 4) + 1}`),
          width: 1.5,
          dash: DASHES[at % 4] ?? [],
          points: { show: false },
        })),
      ],
      hooks: {
        draw: [
          (plot) => drawMarks(plot, this.#shown?.marks ?? [], colour('--text-3'), font),
          (plot) => {
            if (hasNames(this.#place)) drawNames(plot, (at) => colour(`--c${(at % 4) + 1}`), font)
          },
        ],
        setCursor: [(plot) => this.#onPoint(plot.cursor.idx ?? null)],
      },
    }
  }
}

const dataOf = ({ times, series }: ChartProps): uPlot.AlignedData => [
  [...times],
  ...series.map(({ values }) => [...values]),
]

const time = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' })
const shortTime = (seconds: number): string => time.format(seconds * 1000)

/** A canvas knows no light-dark(): an element's colour is what it comes to. */
function colours(place: HTMLElement): (token: string) => string {
  const probe = document.createElement('i')
  probe.hidden = true
  place.append(probe)
  return (token) => {
    probe.style.color = `var(${token})`
    return getComputedStyle(probe).color
  }
}

/** Room for the lines' names at the right, in px; a narrow chart has the legend alone. */
const NAMES_WIDTH = 88
const hasNames = (place: HTMLElement): boolean => place.clientWidth >= 480

/** The name of each line at its end, so that nobody has to match colours. */
function drawNames(plot: uPlot, colourOf: (at: number) => string, font: string): void {
  const { ctx, bbox } = plot
  const ratio = devicePixelRatio
  const ends = plot.series.slice(1).flatMap(({ label }, at) => {
    const value = plot.data[at + 1]?.at(-1)
    if (typeof value !== 'number' || typeof label !== 'string') return []
    return [{ at, label, y: plot.valToPos(value, 'y', true) }]
  })
  ends.sort((a, b) => a.y - b.y)
  ctx.save()
  ctx.font = font.replace('11px', `${11 * ratio}px`)
  ctx.textAlign = 'left'
  ctx.textBaseline = 'middle'
  let lowest = -Infinity
  for (const { at, label, y } of ends) {
    // Those that end close to each other stand below each other.
    lowest = Math.max(y, lowest + 14 * ratio)
    ctx.fillStyle = colourOf(at)
    ctx.fillText(label, bbox.left + bbox.width + 8 * ratio, lowest, (NAMES_WIDTH - 12) * ratio)
  }
  ctx.restore()
}

function drawMarks(plot: uPlot, marks: readonly Mark[], colour: string, font: string): void {
  const { ctx, bbox } = plot
  const ratio = devicePixelRatio
  ctx.save()
  ctx.strokeStyle = colour
  ctx.fillStyle = colour
  ctx.lineWidth = ratio
  ctx.setLineDash([2 * ratio, 2 * ratio])
  ctx.font = font.replace('11px', `${11 * ratio}px`)
  for (const { at, label } of marks) {
    const x = plot.valToPos(at, 'x', true)
    if (x < bbox.left || x > bbox.left + bbox.width) continue
    ctx.beginPath()
    ctx.moveTo(x, bbox.top)
    ctx.lineTo(x, bbox.top + bbox.height)
    ctx.stroke()
    const isRight = x + ctx.measureText(label).width + 8 * ratio > bbox.left + bbox.width
    ctx.textAlign = isRight ? 'right' : 'left'
    // Above the lines, where it hides nothing.
    ctx.fillText(label, x + (isRight ? -4 : 4) * ratio, bbox.top - 4 * ratio)
  }
  ctx.restore()
}
