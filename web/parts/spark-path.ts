// Paths of a sparkline.

/** Values of a course, oldest first; null where nothing is known. */
type Values = readonly (number | null)[]

export interface Scale {
  readonly x: (at: number) => number
  readonly y: (value: number) => number
  readonly height: number
}

interface Box {
  readonly width: number
  readonly height: number
  readonly most?: number | undefined
}

/** From zero to the largest value, with room for the line's width at the top. */
export function scaleOf(values: Values, { width, height, most }: Box): Scale {
  const largest = most ?? values.reduce<number>((top, value) => Math.max(top, value ?? 0), 0)
  const step = width / Math.max(1, values.length - 1)
  return {
    x: (at) => at * step,
    y: (value) => height - 1 - (largest === 0 ? 0 : Math.min(1, value / largest) * (height - 3)),
    height,
  }
}

/** Runs of values that are known; a gap stays one. */
function runsOf(values: Values): (readonly [at: number, value: number])[][] {
  const runs: (readonly [number, number])[][] = []
  let isOpen = false
  values.forEach((value, at) => {
    if (value === null) isOpen = false
    else if (isOpen) runs.at(-1)?.push([at, value])
    else {
      runs.push([[at, value]])
      isOpen = true
    }
  })
  return runs
}

const point = ({ x, y }: Scale, at: number, value: number): string => `${short(x(at))} ${short(y(value))}`

const short = (value: number): string => value.toFixed(1)

/** The line, broken where nothing is known. */
export const lineOf = (values: Values, scale: Scale): string =>
  runsOf(values)
    .map((run) => `M${run.map(([at, value]) => point(scale, at, value)).join('L')}`)
    .join('')

/** The ground below the line. */
export const areaOf = (values: Values, scale: Scale): string =>
  runsOf(values)
    .map((run) => {
      const [first, last] = [scale.x(run[0]?.[0] ?? 0), scale.x(run.at(-1)?.[0] ?? 0)]
      const line = run.map(([at, value]) => point(scale, at, value)).join('L')
      return `M${line}L${short(last)} ${scale.height}L${short(first)} ${scale.height}z`
    })
    .join('')
