// Where nobody is signed in: signing in, or on a new gateway the first user.
import { useEffect, useState } from 'preact/hooks'
import { ask } from '../data/api.ts'
import { SignInCard } from './sign-in-card.tsx'
import { SetUpForm } from './set-up-form.tsx'
import { SignInForm } from './sign-in-form.tsx'

export function SignInPage() {
  const [isNew, setNew] = useState<boolean | null>(null)
  useEffect(() => {
    document.title = 'Sign in · Sluice'
    void ask('GET /api/v1/auth/setup', {}, { isAlone: true }).then((answer) =>
      setNew(answer.ok && answer.value.needed),
    )
  }, [])
  if (isNew === null) return null
  return <SignInCard>{isNew ? <SetUpForm /> : <SignInForm heading="Sign in" />}</SignInCard>
}
