// Where nobody is signed in: signing in, or on a new gateway the first user.
import { useEffect, useState } from 'preact/hooks'
import { ask } from '../data/api.ts'
import { Mark } from './mark.tsx'
import css from './sign-in.module.css'
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
  return (
    <main class={css.page}>
      <div class={css.card}>
        <div class={css.brand}>
          <Mark /> Sluice
          <span class={css.host}>{location.host}</span>
        </div>
        {isNew ? <SetUpForm /> : <SignInForm heading="Sign in" />}
      </div>
    </main>
  )
}
