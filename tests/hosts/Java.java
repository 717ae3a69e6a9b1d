// SPDX-License-Identifier: MIT
import java.sql.*;
import java.util.concurrent.CountDownLatch;

class Java {
    static Connection connect(String[] given) throws SQLException {
        Connection db = DriverManager.getConnection("jdbc:sqlite:" + given[1] + "?enable_load_extension=true&busy_timeout=15000");
        try (PreparedStatement load = db.prepareStatement("SELECT load_extension(?)")) {
            load.setString(1, given[0]);
            load.execute();
        }
        return db;
    }

    static String ask(Connection db, String sql) throws SQLException {
        try (Statement statement = db.createStatement(); ResultSet row = statement.executeQuery(sql)) {
            return row.getString(1);
        }
    }

    public static void main(String[] given) throws Exception {
        String endless = new String(System.in.readAllBytes());
        CountDownLatch begun = new CountDownLatch(1);
        try (Connection db = connect(given); Statement statement = db.createStatement()) {
            org.sqlite.Function.create(db, "begun", new org.sqlite.Function() {
                protected void xFunc() throws SQLException {
                    begun.countDown();
                    result(1);
                }
            });
            Thread thread = new Thread(() -> {
                try {
                    begun.await();
                    statement.cancel();
                } catch (Exception error) {
                    System.out.println(error);
                }
            });
            thread.start();
            try {
                statement.executeQuery(endless);
            } catch (SQLException error) {
                System.out.println(error.getMessage().replaceAll(".*(interrupt).*", "$1ed"));
            }
            thread.join();
            System.out.println(ask(db, "SELECT count(*) > 0 FROM reg_attempts"));
        }
        for (int i = 0; i < 1000; i++)
            try (Connection db = connect(given)) {
                String row = ask(db, "SELECT reg_mask('ada@example.com') || (SELECT count(*) > 0 FROM reg_attempts)");
                if (!row.equals("a***@example.com1")) throw new Exception(row);
            }
        System.out.println("reloaded");
    }
}
