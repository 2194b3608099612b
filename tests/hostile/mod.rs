//! Components that misbehave: whatever one does, its call ends in the linked operation as `operation-failed`, and says which limit.
