// Keys: `g` and a letter goes to a page, `/` to the filter, `?` shows them all. Single letters can be turned
// off (WCAG 2.2, 2.1.4), and are none while something is typed.
import { useLayoutEffect } from 'preact/hooks'
import { useLocation } from 'preact-iso/router'
import { to } from '../data/urls.ts'
import { Dialog } from '../parts/overlays.tsx'
import { Kbd } from '../parts/words.tsx'
import css from './keys.module.css'
import { hasLetterKeys, isSheetOpen, openKeys, setLetterKeys } from '../data/keys-state.ts'
import { isPaletteOpen, openPalette } from './palette-state.ts'
import { PLACES } from './places.ts'

/** `g` waits so long for its letter. */
const SECOND_MS = 1200

/** The keys that work on every page; a page has its own beside them. */
export function Keys() {
  const { route } = useLocation()
  useLayoutEffect(() => {
    let goUntil = 0
    const pressed = (event: KeyboardEvent): void => {
      const hasCommand = event.ctrlKey || event.metaKey
      if (hasCommand && event.key.toLowerCase() === 'k') {
        event.preventDefault()
        isPaletteOpen.value = !isPaletteOpen.value
        return
      }
      if (hasCommand && event.key.toLowerCase() === 's') {
        event.preventDefault()
        route(to('/review'))
        return
      }
      if (hasCommand || event.altKey || !hasLetterKeys.value || isTyping(event.target)) return
      const place = Date.now() < goUntil ? PLACES.find(({ key }) => key === event.key) : undefined
      goUntil = event.key === 'g' ? Date.now() + SECOND_MS : 0
      if (place !== undefined) route(to(place.path))
      else if (event.key === '?') openKeys()
      else if (event.key === '/') {
        const filter = document.querySelector<HTMLInputElement>('[data-filter]')
        if (filter === null) openPalette()
        else filter.focus()
      } else return
      event.preventDefault()
    }
    document.addEventListener('keydown', pressed)
    return () => document.removeEventListener('keydown', pressed)
  }, [route])
  return isSheetOpen.value ? <Sheet /> : null
}

/** Whether a letter is for what has the focus. */
export function isTyping(target: EventTarget | null): boolean {
  const element = target as HTMLElement | null
  return (
    element?.isContentEditable === true ||
    /^(?:INPUT|TEXTAREA|SELECT)$/.test(element?.tagName ?? '') ||
    (element?.closest('dialog, [data-keys="own"]') ?? null) !== null
  )
}

export function KeysLink() {
  return (
    <button type="button" class={css.link} onClick={openKeys}>
      ? keys
    </button>
  )
}

const ELSEWHERE = [
  ['Ctrl K', 'search, and do what is found'],
  ['Ctrl S', 'review the draft'],
  ['/', 'the filter of the list'],
  ['j k', 'down and up in a list; Enter opens'],
  ['Alt ↑ ↓', 'move a rule'],
  ['n', 'a new one'],
  ['t', 'test a request, on the rules'],
  ['Esc', 'close what is open'],
  ['?', 'this'],
] as const

function Sheet() {
  return (
    <Dialog title="Keys" onClose={() => void (isSheetOpen.value = false)}>
      <dl class={css.sheet}>
        {PLACES.map(({ key, label }) => (
          <div key={key}>
            <dt>
              <Kbd>g</Kbd> <Kbd>{key}</Kbd>
            </dt>
            <dd>{label}</dd>
          </div>
        ))}
        {ELSEWHERE.map(([keys, what]) => (
          <div key={keys}>
            <dt>
              {keys.split(' ').map((key) => (
                <Kbd key={key}>{key}</Kbd>
              ))}
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
      <label class={css.choice}>
        <input
          type="checkbox"
          checked={hasLetterKeys.value}
          onChange={({ currentTarget }) => setLetterKeys(currentTarget.checked)}
        />
        Single letters are keys
      </label>
    </Dialog>
  )
}
