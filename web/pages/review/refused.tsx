// Why the gateway would not take it: what, where, and what to do.
import { linesOf, type Problem } from '../../data/problem.ts'
import { sentence } from '../../data/reviewing.ts'
import { Button } from '../../parts/button.tsx'
import { Note } from '../../parts/messages.tsx'
import { Panel } from '../../parts/panel.tsx'
import { Code } from '../../parts/words.tsx'

export function Refused({ problem, onAgain }: { problem: Problem; onAgain?: () => void }) {
  const told = linesOf(problem).slice(0, 20)
  const patch = problem['patch']
  return (
    <>
      <Note
        state="down"
        isUrgent
        title={sentence(problem.title)}
        actions={onAgain !== undefined && <Button onPress={onAgain}>Try again</Button>}
      >
        <p>{problem.detail}</p>
        {told.length > 0 && (
          <ul>
            {told.map(({ path, line, words }) => (
              <li key={`${path} ${words}`}>
                {line !== undefined && `Line ${line}: `}
                {path !== undefined && path !== '' && (
                  <>
                    <code>{path}</code>:{' '}
                  </>
                )}
                {words}
              </li>
            ))}
          </ul>
        )}
        {(problem.hint ?? '') !== '' && <p>{sentence(problem.hint ?? '')}</p>}
      </Note>
      {typeof patch === 'string' && patch !== '' && (
        <Panel title="The change, as a patch">
          <p>For where the file comes from: patch -p0, or git apply -p0.</p>
          <Code text={patch} isCopied isBlock />
        </Panel>
      )}
    </>
  )
}
