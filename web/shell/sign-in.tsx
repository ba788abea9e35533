// Where nobody is signed in: signing in, or on a new gateway the first user.
import { useEffect, useState } from 'preact/hooks'
import { ask } from '../data/api.ts'
import type { Problem } from '../data/problem.ts'
import { Button } from '../parts/button.tsx'
import { Note } from '../parts/messages.tsx'
import { Code } from '../parts/words.tsx'
import { SignInCard } from './sign-in-card.tsx'
import { SetUpForm } from './set-up-form.tsx'
import { SignInForm } from './sign-in-form.tsx'

export function SignInPage() {
  const [isNew, setNew] = useState<boolean | null>(null)
  const [problem, setProblem] = useState<Problem | null>(null)
  const look = async (): Promise<void> => {
    const answer = await ask('GET /api/v1/auth/setup', {}, { isAlone: true })
    setProblem(answer.ok ? null : answer.problem)
    if (answer.ok) setNew(answer.value.needed)
  }
  useEffect(() => {
    document.title = 'Sign in · Sluice'
    void look()
  }, [])
  if (problem !== null)
    return (
      <SignInCard>
        <NotNow problem={problem} onAgain={() => void look()} />
      </SignInCard>
    )
  if (isNew === null) return null
  return isNew ? (
    <SignInCard help={<WhereTheTokenIs />}>
      <SetUpForm />
    </SignInCard>
  ) : (
    <SignInCard help={<Forgotten />}>
      <SignInForm heading="Sign in" />
    </SignInCard>
  )
}

/** The gateway does not answer, or cannot know anybody now. */
function NotNow({ problem, onAgain }: { readonly problem: Problem; readonly onAgain: () => void }) {
  return (
    <>
      <h1>Sign in</h1>
      <Note
        state="down"
        title={problem.title}
        isUrgent
        actions={<Button onPress={onAgain}>Try again</Button>}
      >
        {problem.detail} {problem.hint}
      </Note>
    </>
  )
}

const WhereTheTokenIs = () => (
  <section>
    <h2>Where the token is</h2>
    <p>
      The log of this start has it, in the line with <code>setup_needed</code>. Has it scrolled away? On the
      machine of the gateway:
    </p>
    <Code text="sluice admin setup-token" isCopied />
  </section>
)

const Forgotten = () => (
  <section>
    <h2>Forgotten, or another phone?</h2>
    <p>
      An admin makes you a one-time link, or takes the app away, in Settings. On the machine of the gateway
      this makes one; <code>sluice admin reset-password</code> and <code>reset-totp</code> are there too.
    </p>
    <Code text="sluice admin link USER" isCopied />
  </section>
)
