// Gates that are let down into the water, each to its own height: what the product is called after.
import css from './sign-in.module.css'

const HEIGHTS = [78, 120, 52, 142, 96, 34, 126, 64, 108, 46, 134, 84]
const WIDTH = 60
const LEVEL = 172

const wave = (y: number): string =>
  `M0 ${y}${HEIGHTS.map(() => `q${WIDTH / 4} -9 ${WIDTH / 2} 0t${WIDTH / 2} 0`).join('')}`

export function Gates() {
  return (
    <svg
      class={css.gates}
      viewBox={`0 0 ${HEIGHTS.length * WIDTH} 220`}
      preserveAspectRatio="xMidYMin slice"
      aria-hidden="true"
    >
      {HEIGHTS.map((height, at) => (
        <g key={at}>
          <path class={css.post} d={`M${at * WIDTH} 0V${LEVEL + 12}`} />
          <rect class={css.gate} x={at * WIDTH + 8} y={-8} width={WIDTH - 16} height={height + 8} rx="3" />
          <path class={css.post} d={`M${(at + 0.5) * WIDTH} 0V${Math.max(0, height - 10)}`} />
        </g>
      ))}
      {[0, 1, 2].map((row) => (
        <path key={row} class={css.wave} d={wave(LEVEL + row * 16)} opacity={1 - row * 0.35} />
      ))}
    </svg>
  )
}
