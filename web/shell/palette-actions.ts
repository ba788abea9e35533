// What can be done from anywhere, as the palette offers it.
import { ask } from '../data/api.ts'
import { changeCount } from '../data/draft.ts'
import { refreshHeld } from '../data/held.ts'
import { count, took } from '../data/say.ts'
import { openKeys } from '../data/keys-state.ts'
import { leave } from './leave.ts'
import { type Thing, thing } from './palette-things.ts'
import { setTheme, type Theme, theme, THEME_WORDS } from '../data/theme.ts'

export function generalActions(): readonly Thing[] {
  const waiting = changeCount.value
  return [
    ...(waiting > 0
      ? [
          thing({
            ...{ id: 'review', group: 'Actions', label: 'Review the draft', icon: 'config', path: '/review' },
            ...{ hint: count(waiting, 'change'), keys: 'Ctrl S', also: 'apply changes', shape: 'draft' },
          }),
        ]
      : []),
    thing({
      ...{ id: 'test', group: 'Actions', label: 'Test a request…', icon: 'play', path: '/rules?test=1' },
      also: 'route tester explain which rule matches curl',
    }),
    thing({
      ...{ id: 'new backend', group: 'Actions', label: 'Add a backend…', icon: 'plus', needs: 'editor' },
      ...{ path: '/backends?new=1', also: 'new create' },
    }),
    thing({
      ...{ id: 'new rule', group: 'Actions', label: 'Add a rule…', icon: 'plus', needs: 'editor' },
      ...{ path: '/rules?new=1', also: 'new create route' },
    }),
    thing({
      ...{ id: 'new certificate', group: 'Actions', label: 'Add a certificate…', icon: 'plus' },
      ...{ path: '/certificates?add=upload', needs: 'editor', also: 'new upload self-signed acme tls' },
    }),
    thing({
      ...{ id: 'edit', group: 'Actions', label: 'Edit the config file', icon: 'edit', path: '/config' },
      also: 'yaml editor',
    }),
    thing({
      ...{ id: 'reload', group: 'Actions', label: 'Reload the config file', icon: 'refresh' },
      ...{ needs: 'operator', run: reload, also: 'restart apply reread' },
    }),
    ...(['light', 'dark', 'auto'] as const).map(themeThing),
    thing({
      ...{ id: 'keys', group: 'Actions', label: 'Show all keys', icon: 'help', keys: '?' },
      ...{ run: showKeys, also: 'shortcuts keyboard help' },
    }),
    thing({
      ...{ id: 'sign out', group: 'Actions', label: 'Sign out', icon: 'exit', also: 'log out logout leave' },
      ...(waiting > 0 && { hint: 'and drop the draft' }),
      run: async () => {
        const problem = await leave()
        return problem && `You are still signed in. ${problem.title}: ${problem.detail}`
      },
    }),
  ]
}

function themeThing(next: Theme): Thing {
  return thing({
    ...{ id: `theme ${next}`, group: 'Actions', label: `Theme: ${THEME_WORDS[next]}`, icon: 'theme' },
    ...(theme.value === next && { hint: 'now' }),
    run: () => {
      setTheme(next)
      return null
    },
  })
}

function showKeys(): null {
  openKeys()
  return null
}

async function reload(): Promise<string> {
  const begun = performance.now()
  const answer = await ask('POST /api/v1/reload', {})
  refreshHeld()
  return answer.ok
    ? `The file is read again and served (${took(performance.now() - begun)}).`
    : `${answer.problem.title}: ${answer.problem.detail}`
}

/** Asks a server now how it is. */
export const checkOf =
  (backend: string, server: string): Thing['run'] =>
  async () => {
    const answer = await ask('POST /api/v1/backends/{backend}/servers/{server}/checks/run', {
      backend,
      server,
    })
    if (!answer.ok) return `${answer.problem.title}: ${answer.problem.detail}`
    refreshHeld()
    const { result, reason, ms } = answer.value
    const outcome = result === 'pass' ? 'passes its check' : 'fails its check'
    return `${server} ${outcome}${reason === null ? '' : `: ${reason}`} (${took(ms)}).`
  }
