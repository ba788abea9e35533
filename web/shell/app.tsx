// The whole of the screen: sign-in where nobody is known, else the frame with the page of the address.
import { LocationProvider, Route, Router, useLocation } from 'preact-iso/router'
import { ErrorBoundary } from 'preact-iso/lazy'
import { useEffect, useState } from 'preact/hooks'
import { goLive, goQuiet } from '../data/live.ts'
import { forgetHeld } from '../data/held.ts'
import type { Problem } from '../data/problem.ts'
import { applied } from '../data/reviewing.ts'
import { findFirst, findMe, me } from '../data/session.ts'
import { shareSignIn } from '../data/shared-sign-in.ts'
import { onLink, takeLink } from '../data/sign-in-link.ts'
import { BASE, isReadable, to } from '../data/urls.ts'
import { Guarded } from '../parts/empty.tsx'
import type { PageRow } from '../routes.tsx'
import { Frame } from './frame.tsx'
import { LinkPage } from './link-page.tsx'
import { NoAnswer } from './no-answer.tsx'
import { NotThere } from './not-there.tsx'
import { SignInPage } from './sign-in.tsx'
import { WantedDialog } from './wanted-dialog.tsx'

export function App({ pages }: { readonly pages: readonly PageRow[] }) {
  const [link, setLink] = useState(takeLink)
  useEffect(() => onLink(setLink), [])
  const [problem, setProblem] = useState<Problem | null>(null)
  const find = async (): Promise<void> => {
    const answer = await (me.peek() === undefined ? findFirst() : findMe())
    setProblem(answer === null || answer.ok ? null : answer.problem)
  }
  useEffect(() => void find(), [])
  useEffect(shareSignIn, [])
  // Another tab may have signed in as somebody else: who turns to this one sees it before they do anything.
  useEffect(() => {
    const look = (): void => {
      if (document.visibilityState === 'visible' && me.peek() !== null) void find()
    }
    document.addEventListener('visibilitychange', look)
    return () => document.removeEventListener('visibilitychange', look)
  }, [])
  const name = me.value?.name
  useEffect(() => {
    if (name === undefined) return
    goLive()
    return () => {
      goQuiet()
      forgetHeld()
      applied.value = null
    }
  }, [name])
  // Nothing for the moment that it takes to know: a flash of the sign-in would be worse.
  if (me.value === undefined) return problem === null ? null : <NoAnswer problem={problem} onAgain={find} />
  if (link !== null) return <LinkPage key={link} token={link} onDone={() => setLink(null)} />
  if (me.value === null) return <SignInPage />
  // What a page has and shows is of who signed in: somebody else begins with none of it.
  return (
    <LocationProvider key={name} scope={BASE}>
      <Frame>
        <Pages pages={pages} />
      </Frame>
      <WantedDialog />
    </LocationProvider>
  )
}

/** A page that breaks takes neither the frame nor the next page with it. */
function Pages({ pages }: { readonly pages: readonly PageRow[] }) {
  const { path: here } = useLocation()
  // The router would throw for it.
  if (!isReadable(here)) return <NotThere />
  return (
    <ErrorBoundary>
      <Guarded label="This page" of={here}>
        <Router>
          {[
            ...pages.map(({ path, page }) => <Route path={to(path)} component={page} />),
            <Route default component={NotThere} />,
          ]}
        </Router>
      </Guarded>
    </ErrorBoundary>
  )
}
