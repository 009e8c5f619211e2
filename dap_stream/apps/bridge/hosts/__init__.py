"""Scripts for programs that edit sound, and what puts them where each program looks."""
