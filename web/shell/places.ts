// The pages that the rail, the bar of small screens, the keys and the palette lead to: one list for all.
import type { IconName } from '../parts/icon-paths.ts'

export interface PlaceRow {
  readonly path: string
  readonly label: string
  readonly icon: IconName
  /** Pressed after `g`. */
  readonly key: string
  readonly group: '' | 'Traffic' | 'Gateway'
  /** On the bar of small screens; the others are behind “More”. */
  readonly isFrequent?: boolean
}

export const PLACES: readonly PlaceRow[] = [
  { path: '/', label: 'Overview', icon: 'overview', key: 'o', group: '', isFrequent: true },
  { path: '/listeners', label: 'Listeners', icon: 'listeners', key: 'l', group: 'Traffic' },
  { path: '/rules', label: 'Rules', icon: 'rules', key: 'r', group: 'Traffic', isFrequent: true },
  { path: '/backends', label: 'Backends', icon: 'backends', key: 'b', group: 'Traffic', isFrequent: true },
  { path: '/realtime', label: 'Realtime', icon: 'realtime', key: 't', group: 'Traffic' },
  { path: '/certificates', label: 'Certificates', icon: 'certificates', key: 'c', group: 'Traffic' },
  { path: '/config', label: 'Config', icon: 'config', key: 'f', group: 'Gateway' },
  { path: '/activity', label: 'Activity', icon: 'activity', key: 'a', group: 'Gateway', isFrequent: true },
  { path: '/settings', label: 'Settings', icon: 'settings', key: 's', group: 'Gateway' },
]

/** Whether the page of an address belongs to a place; what the draft changes is of the config. */
export const isWithin = (page: string, { path }: PlaceRow): boolean =>
  path === '/'
    ? page === '/'
    : (path === '/config' && page === '/review') || page === path || page.startsWith(`${path}/`)
