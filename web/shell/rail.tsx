// Where one can go: a rail of words, of icons on narrower screens, and a bar at the foot of small ones.
import { gatewayNow } from '../data/clock.ts'
import { useLocation } from 'preact-iso/router'
import { changeCount } from '../data/draft.ts'
import { useHeld } from '../data/held.ts'
import { OVERVIEW, STATUS } from '../data/overview.ts'
import { longAge, number } from '../data/say.ts'
import { pageOf, to } from '../data/urls.ts'
import { Icon } from '../parts/icon.tsx'
import { Shape, type State } from '../parts/status.tsx'
import { KeysLink } from './keys.tsx'
import { Brand } from './brand.tsx'
import { isWithin, type PlaceRow, PLACES } from './places.ts'
import { railCounts } from './rail-counts.ts'
import css from './rail.module.css'
import { useFlyout } from './use-flyout.ts'

const GROUPS = ['', 'Traffic', 'Gateway'] as const

export function Rail() {
  return (
    <aside class={css.rail}>
      <Brand class={css.brand} />
      <nav class={css.nav} aria-label="Main">
        {GROUPS.map((group) => (
          <>
            {group !== '' && <div class={css.group}>{group}</div>}
            {PLACES.filter((place) => place.group === group).map((place) => (
              <PlaceLink key={place.path} place={place} />
            ))}
          </>
        ))}
      </nav>
      <Foot />
    </aside>
  )
}

function PlaceLink({ place }: { readonly place: PlaceRow }) {
  const { path } = useLocation()
  const isHere = isWithin(pageOf(path), place)
  return (
    <a href={to(place.path)} aria-current={isHere ? 'page' : undefined} title={place.label}>
      <Icon name={place.icon} />
      <span class={css.label}>{place.label}</span>
      <Count place={place} />
    </a>
  )
}

/** How many there are, in grey; or how many of them want attention, with the shape of that. */
function Count({ place }: { readonly place: PlaceRow }) {
  const { value } = useHeld('GET /api/v1/overview', {}, OVERVIEW).value
  if (place.path === '/config') return changeCount.value > 0 ? <Number state="draft" what="a draft" /> : null
  const shown = value === null ? null : (railCounts(value.counts)[place.path] ?? null)
  return shown === null ? null : <Number {...shown} />
}

interface NumberProps {
  readonly n?: number
  readonly state?: State
  readonly what?: string
}

function Number({ n, state, what }: NumberProps) {
  return (
    <span class={css.count}>
      {state !== undefined && <Shape state={state} size={9} label={n === undefined ? what : undefined} />}
      {n !== undefined && <b>{number(n)}</b>}
      {n !== undefined && what !== undefined && <span class="sr"> {what}</span>}
    </span>
  )
}

function Foot() {
  const status = useHeld('GET /api/v1/status', {}, STATUS).value.value
  return (
    <div class={css.foot}>
      {status !== null && (
        <>
          <b>{status.version}</b> · {status.workers.serving} workers
          <br />
          Up {longAge((gatewayNow() - Date.parse(status.started)) / 1000)}
          {' · '}
        </>
      )}
      <KeysLink />
    </div>
  )
}

/** On small screens: the four most used, and a sheet with all. */
export function TabBar() {
  const { isOpen, root, toggle, close } = useFlyout()
  const { path } = useLocation()
  const page = pageOf(path)
  const shown = PLACES.filter(({ isFrequent }) => isFrequent === true)
  return (
    <div ref={root}>
      {isOpen && (
        <nav class={css.more} aria-label="All pages" onClick={close}>
          {PLACES.map((place) => (
            <PlaceLink key={place.path} place={place} />
          ))}
        </nav>
      )}
      <nav class={css.tabs} aria-label="Main">
        {shown.map((place) => (
          <a key={place.path} href={to(place.path)} aria-current={isWithin(page, place) ? 'page' : undefined}>
            <Icon name={place.icon} size={18} />
            {place.label}
          </a>
        ))}
        <button type="button" aria-expanded={isOpen} onClick={toggle}>
          <Icon name="more" size={18} />
          More
        </button>
      </nav>
    </div>
  )
}
