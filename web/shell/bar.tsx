// The bar of every page: the three states of the config, search, theme, and who is signed in.
import { useLocation } from 'preact-iso/router'
import { useState } from 'preact/hooks'
import { changeCount } from '../data/draft.ts'
import type { Problem } from '../data/problem.ts'
import { me } from '../data/session.ts'
import { to } from '../data/urls.ts'
import { Icon } from '../parts/icon.tsx'
import { Kbd } from '../parts/words.tsx'
import css from './bar.module.css'
import { Brand } from './brand.tsx'
import { leave } from './leave.ts'
import { openPalette } from './palette-state.ts'
import { Strip } from './strip.tsx'
import { cycleTheme, theme, THEME_WORDS } from '../data/theme.ts'
import { useFlyout } from './use-flyout.ts'

export function Bar() {
  return (
    <header class={css.bar}>
      <Brand class={css.brand} />
      <Strip />
      <button type="button" class={css.find} onClick={openPalette} aria-haspopup="dialog">
        <Icon name="search" size={14} />
        <span class={css.words}>Search or run…</span>
        <Kbd>{isMac ? '⌘ K' : 'Ctrl K'}</Kbd>
      </button>
      <button
        type="button"
        class={css.icon}
        onClick={cycleTheme}
        title={`Theme: ${THEME_WORDS[theme.value]}`}
        aria-label={`Theme: ${THEME_WORDS[theme.value]}; change`}
      >
        <Icon name="theme" />
      </button>
      <Account />
    </header>
  )
}

const isMac = /Mac|iPhone|iPad/.test(navigator.userAgent)

function Account() {
  const { isOpen, toggle, close, root } = useFlyout()
  const { route } = useLocation()
  const [problem, setProblem] = useState<Problem | null>(null)
  const who = me.value
  if (who === null || who === undefined) return null
  return (
    <div class={css.account} ref={root}>
      <button
        type="button"
        class={css.who}
        aria-expanded={isOpen}
        // Begins with what is seen, so that saying that works.
        aria-label={`${initials(who.name)}: account of ${who.name}, ${who.role}`}
        title={`${who.name}, ${who.role}`}
        onClick={toggle}
      >
        {initials(who.name)}
      </button>
      {isOpen && (
        <div class={css.menu}>
          <p>
            <b>{who.name}</b>
            <br />
            {who.role}
          </p>
          <button
            type="button"
            onClick={() => {
              close()
              route(to('/settings'))
            }}
          >
            <Icon name="user" size={14} /> Profile and settings
          </button>
          <button type="button" onClick={() => void leave().then(setProblem)}>
            <Icon name="exit" size={14} />{' '}
            {changeCount.value > 0 ? 'Sign out, and drop the draft' : 'Sign out'}
          </button>
          {problem !== null && (
            <p role="alert">
              <b>You are still signed in.</b>
              <br />
              {problem.title}: {problem.detail}
            </p>
          )}
        </div>
      )}
    </div>
  )
}

/** `Mira Kern` and `mira.kern` → MK; `mira` → MI. */
function initials(name: string): string {
  const words = name.split(/[\s._@-]+/).filter((word) => word !== '')
  const letters = words.length > 1 ? words.slice(0, 2).map((word) => word[0]) : [name.slice(0, 2)]
  return letters.join('').toUpperCase()
}
