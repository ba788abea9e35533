// Icons: 16 px boxes of lines 1.4 px wide, drawn in the colour of the words they stand beside.
import { classes } from './classes.ts'
import css from './icon.module.css'

const PATHS = {
  overview: 'M2.5 13.5v-4M6.2 13.5V6M9.8 13.5V8M13.5 13.5v-11',
  listeners: 'M2 8h4m4 0h4M6 4.5v7M10 4.5v7M6 8h4',
  rules: 'M2 4h8l3.5 4L10 12H2M2 8h6',
  backends: 'M2.5 3h11v4h-11zM2.5 9h11v4h-11zM5 5h.01M5 11h.01',
  realtime:
    'M8 8h.01M5.2 10.8a4 4 0 0 1 0-5.6M10.8 5.2a4 4 0 0 1 0 5.6M3 13a7 7 0 0 1 0-10M13 3a7 7 0 0 1 0 10',
  certificates: 'M8 1.8 13 4v4c0 3-2 5-5 6.2C5 13 3 11 3 8V4zM5.8 8l1.6 1.6L10.4 6.4',
  config: 'M5.5 4 2 8l3.5 4M10.5 4 14 8l-3.5 4',
  activity: 'M1.5 8h3l2-5 3 10 2-5h3',
  settings: 'M2 5h6m4 0h2M2 11h2m4 0h6M10 3v4M6 9v4',
  search: 'M7 12A5 5 0 1 0 7 2a5 5 0 0 0 0 10zM10.6 10.6 14 14',
  theme: 'M8 2.5a5.5 5.5 0 1 0 0 11zM8 2.5a5.5 5.5 0 0 1 0 11',
  plus: 'M8 3v10M3 8h10',
  down: 'M4 6.5 8 10l4-3.5',
  up: 'M4 9.5 8 6l4 3.5',
  left: 'M9.5 4 6 8l3.5 4',
  right: 'M6.5 4 10 8l-3.5 4',
  refresh: 'M13 8a5 5 0 1 1-1.5-3.6M13 2.5v3h-3',
  play: 'M5 3.2 12.5 8 5 12.8z',
  pause: 'M5.5 3.5v9M10.5 3.5v9',
  stop: 'M4 4h8v8H4z',
  copy: 'M5.5 5.5h8v8h-8zM10.5 5.5v-3h-8v8h3',
  cross: 'M4 4l8 8M12 4l-8 8',
  tick: 'M3 8.5 6.5 12 13 4.5',
  undo: 'M3 6h7a3.5 3.5 0 0 1 0 7H6M5.5 3.5 3 6l2.5 2.5',
  download: 'M8 2.5v8M4.5 7.5 8 11l3.5-3.5M2.5 13.5h11',
  upload: 'M8 11V3M4.5 6.5 8 3l3.5 3.5M2.5 13.5h11',
  arrow: 'M3 8h10M9.5 4.5 13 8l-3.5 3.5',
  more: 'M3 8h.01M8 8h.01M13 8h.01',
  grip: 'M6 4h.01M10 4h.01M6 8h.01M10 8h.01M6 12h.01M10 12h.01',
  eye: 'M1.5 8S4 3.5 8 3.5 14.5 8 14.5 8 12 12.5 8 12.5 1.5 8 1.5 8zM8 10a2 2 0 1 0 0-4 2 2 0 0 0 0 4z',
  lock: 'M4 7.5h8v6H4zM5.5 7.5v-2a2.5 2.5 0 0 1 5 0v2',
  edit: 'M3 13l.6-2.8L10.8 3l2.2 2.2-7.2 7.2zM9.2 4.6l2.2 2.2',
  trash: 'M3 4.5h10M6.2 4.5v-2h3.6v2M4.3 4.5l.6 9h6.2l.6-9M6.8 7v4M9.2 7v4',
  filter: 'M2.5 3.5h11L9.5 8.5v4l-3 1v-5z',
  external: 'M6.5 3.5h-3v9h9v-3M9 2.5h4.5V7M13.2 2.8 7.5 8.5',
  menu: 'M2.5 4.5h11M2.5 8h11M2.5 11.5h11',
  user: 'M8 8a2.8 2.8 0 1 0 0-5.6A2.8 2.8 0 0 0 8 8zM2.8 13.8c.5-2.7 2.5-4 5.2-4s4.7 1.3 5.2 4',
  key: 'M5.2 10.8a2.7 2.7 0 1 0 0-.01M7.2 8.8l5.8-5.8M10.5 5.5l2 2',
  clock: 'M8 13.5a5.5 5.5 0 1 0 0-11 5.5 5.5 0 0 0 0 11zM8 5v3.2l2.2 1.4',
  file: 'M4 2.5h5l3 3v8H4zM9 2.5v3h3',
  help: 'M8 13.8a5.8 5.8 0 1 0 0-11.6 5.8 5.8 0 0 0 0 11.6zM6.3 6.4c.1-1 .8-1.6 1.8-1.6s1.7.6 1.7 1.5c0 1.2-1.7 1.3-1.8 2.6M8 11h.01',
  table: 'M2.5 3h11v10h-11zM2.5 6.5h11M6.5 3v10',
  exit: 'M6.5 2.5h-4v11h4M6 8h7.5M10.5 5l3 3-3 3',
} as const

export type IconName = keyof typeof PATHS

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
