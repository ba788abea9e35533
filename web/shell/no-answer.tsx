// Where the first question goes unanswered: what stands against it, and asking again.
import { useEffect, useState } from 'preact/hooks'
import type { Problem } from '../data/problem.ts'
import { Button } from '../parts/button.tsx'
import { Note } from '../parts/messages.tsx'
import { SignInCard } from './sign-in-card.tsx'

const AGAIN_MS = 5000

export interface NoAnswerProps {
  readonly problem: Problem
  readonly onAgain: () => Promise<void>
}

export function NoAnswer({ problem, onAgain }: NoAnswerProps) {
  const [isBusy, setBusy] = useState(false)
  const again = async (): Promise<void> => {
    setBusy(true)
    await onAgain()
    setBusy(false)
  }
  useEffect(() => {
    document.title = 'Sluice'
    // A gateway that starts again is found without a hand.
    const timer = setTimeout(() => void again(), AGAIN_MS)
    return () => clearTimeout(timer)
  }, [problem])
  return (
    <SignInCard>
      <h1 class="sr">The dashboard of Sluice</h1>
      <Note
        state="down"
        title={problem.title}
        actions={
          <Button isBusy={isBusy} busyWord="Asking" onPress={() => void again()}>
            Ask again
          </Button>
        }
      >
        {problem.detail} {problem.hint}
      </Note>
    </SignInCard>
  )
}
