# differs: yield pauses
yield
