// Icons: 16 px boxes of lines 1.4 px wide, drawn in the colour of the words they stand beside.
import { classes } from './classes.ts'
import css from './icon.module.css'
import { type IconName, PATHS } from './icon-paths.ts'

export type { IconName } from './icon-paths.ts'

/** Lines of these are dots: wider, so that they are seen. */
const DOTTED: readonly IconName[] = ['more', 'grip']

export interface IconProps {
  readonly name: IconName
  /** Width and height in px; 16 unless told. */
  readonly size?: number | undefined
  readonly class?: string | undefined
}

/** An icon; says nothing to a screen reader, since words stand beside it or its button has a label. */
export function Icon({ name, size = 16, class: className }: IconProps) {
  return (
    <svg
      class={classes(css.icon, className)}
      width={size}
      height={size}
      viewBox="0 0 16 16"
      fill="none"
      stroke="currentColor"
      stroke-width={DOTTED.includes(name) ? 2 : 1.4}
      stroke-linecap="round"
      stroke-linejoin="round"
      aria-hidden="true"
    >
      <path d={PATHS[name]} />
    </svg>
  )
}
