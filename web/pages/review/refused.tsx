// Why the gateway would not take it: what, where, and what to do.
import type { Problem } from '../../data/problem.ts'
import { sentence } from '../../data/reviewing.ts'
import { Button } from '../../parts/button.tsx'
import { Note } from '../../parts/messages.tsx'

export function Refused({ problem, onAgain }: { problem: Problem; onAgain?: () => void }) {
  const told = problem.errors.filter(({ message }) => !problem.detail.includes(message)).slice(0, 20)
  return (
    <Note
      state="down"
      isUrgent
      title={sentence(problem.title)}
      actions={onAgain !== undefined && <Button onPress={onAgain}>Try again</Button>}
    >
      <p>{problem.detail}</p>
      {told.length > 0 && (
        <ul>
          {told.map(({ path, line, message, hint }) => (
            <li key={`${path} ${message}`}>
              {line !== undefined && `Line ${line}: `}
              {path !== undefined && path !== '' && (
                <>
                  <code>{path}</code>:{' '}
                </>
              )}
              {message}
              {(hint ?? null) !== null && `; ${hint}`}
            </li>
          ))}
        </ul>
      )}
      {(problem.hint ?? '') !== '' && <p>{sentence(problem.hint ?? '')}</p>}
    </Note>
  )
}
