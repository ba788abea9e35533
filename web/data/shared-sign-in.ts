// Tabs of a browser have one cookie between them: who signs out in one of them, or signs in as somebody else,
// has done so in all. A sign-in that merely ends is told to nobody: what was entered elsewhere stays.
import { effect } from '@preact/signals'
import { endHere, findMe, me, onSignOut } from './session.ts'
import { API_BASE } from './urls.ts'

/** Null: somebody has signed out; else who is signed in. */
type Told = { readonly name: string | null }

/** Tells other tabs, and heeds them, until the function that it gives is called. */
export function shareSignIn(): () => void {
  const channel = new BroadcastChannel(`sluice-sign-in ${API_BASE}`)
  const tell = (told: Told): void => channel.postMessage(told)
  channel.addEventListener('message', ({ data }: MessageEvent<Told>) => heed(data))
  const ends = [
    onSignOut(() => tell({ name: null })),
    effect(() => {
      const name = me.value?.name
      if (name !== undefined) tell({ name })
    }),
  ]
  return () => {
    for (const end of ends) end()
    channel.close()
  }
}

function heed({ name }: Told): void {
  const before = me.peek()
  if (name === null) {
    if (before) endHere()
    // The gateway says who it is; what another tab says is a reason to ask.
  } else if (before !== undefined && before?.name !== name) void findMe()
}
