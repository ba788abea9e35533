// The mark: two posts, a gate between them, and the water below.

export function Mark() {
  return (
    <svg width="18" height="18" viewBox="0 0 18 18" aria-hidden="true">
      <path d="M2 2v14M16 2v14" stroke="currentColor" stroke-width="2" stroke-linecap="round" />
      <rect x="5" y="2" width="8" height="6" rx="1" fill="currentColor" />
      <path
        d="M4.5 11.2q1.1 0 2.2.9t2.3-.9 2.3.9 2.2-.9M4.5 14.7q1.1 0 2.2.9t2.3-.9 2.3.9 2.2-.9"
        fill="none"
        stroke="var(--accent)"
        stroke-width="1.5"
        stroke-linecap="round"
      />
    </svg>
  )
}
