//! What an empty queue keeps of the memory that a burst made it take.

use std::collections::VecDeque;

/// Places that an empty queue keeps.
const FEW: usize = 4;
/// So often a queue has to fill up again before it keeps more: it is that of a stream then.
const OFTEN: u8 = 8;
/// Places that the queue of a stream keeps.
const MANY: usize = 128;

/// How often a queue has been given fewer places and filled up again.
#[derive(Debug, Default)]
pub struct AfterBurst(u8);

impl AfterBurst {
    /// To be called with the queue when something has been taken out.
    #[inline(always)]
    pub fn shrink<T>(&mut self, queue: &mut VecDeque<T>) {
        if queue.is_empty() && queue.capacity() > FEW {
            self.shrink_grown(queue);
        }
    }

    #[inline(never)]
    fn shrink_grown<T>(&mut self, queue: &mut VecDeque<T>) {
        let kept = match self.0 {
            OFTEN.. => MANY,
            _ => {
                self.0 += 1;
                FEW
            }
        };
        if queue.capacity() > kept {
            queue.shrink_to(kept);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_forgotten_and_a_stream_is_not() {
        let (mut after_burst, mut queue) = (AfterBurst::default(), VecDeque::new());
        for round in 0..2 * OFTEN {
            queue.extend(0..2 * MANY);
            while queue.pop_front().is_some() {
                after_burst.shrink(&mut queue);
            }
            let kept = if round < OFTEN { FEW } else { MANY };
            assert!(queue.capacity() >= kept && queue.capacity() < 2 * kept);
        }
    }
}
