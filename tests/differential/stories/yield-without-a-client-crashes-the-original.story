# differs: Q20 yield pauses
yield
